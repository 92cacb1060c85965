namespace Witan.Dstack.RaTls;

/// <summary>Certificate extensions of dstack, below 1.3.6.1.4.1.62397.1. None is critical: a peer that knows them not sees a plain certificate.</summary>
public static class RaTlsOid
{
    /// <summary>TDX quote; in older certificates.</summary>
    public const string Quote = "1.3.6.1.4.1.62397.1.1";

    /// <summary>Event log as JSON, possibly compressed; in older certificates.</summary>
    public const string EventLog = "1.3.6.1.4.1.62397.1.2";

    /// <summary>Application id.</summary>
    public const string AppId = "1.3.6.1.4.1.62397.1.3";

    /// <summary>What the certificate is for beyond TLS: <c>app:ca</c>, <c>app:custom</c>, <c>kms:rpc</c>.</summary>
    public const string SpecialUsage = "1.3.6.1.4.1.62397.1.4";

    /// <summary>Versioned attestation, stripped; in certificates of today.</summary>
    public const string Attestation = "1.3.6.1.4.1.62397.1.8";

    /// <summary>Application info, a positional MessagePack array.</summary>
    public const string AppInfo = "1.3.6.1.4.1.62397.1.9";
}

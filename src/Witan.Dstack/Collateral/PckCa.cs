namespace Witan.Dstack.CollateralService;

/// <summary>Which of Intel's two authorities certified a platform, and so which revocation list speaks of it.</summary>
public enum PckCa
{
    /// <summary>Single-socket clients and E3 servers: <c>ca=processor</c>.</summary>
    Processor,

    /// <summary>Scalable servers, every TDX platform among them: <c>ca=platform</c>.</summary>
    Platform,
}

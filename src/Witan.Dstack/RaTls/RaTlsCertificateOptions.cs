namespace Witan.Dstack.RaTls;

/// <summary>In which extensions evidence is written.</summary>
public enum RaTlsForm
{
    /// <summary>Versioned attestation in extension .8: what agents issue today.</summary>
    Current,

    /// <summary>Quote and event log in .1 and .2: what older verifiers read.</summary>
    Legacy,

    /// <summary>As <see cref="Legacy"/>, with the event log compressed.</summary>
    LegacyCompressed,
}

/// <summary>A certificate to be issued by its owner, over a key made for it.</summary>
public sealed record RaTlsCertificateOptions
{
    /// <summary>Common name of the subject.</summary>
    public required string Subject { get; init; }

    /// <summary>Alternative names: what reads as an IP address becomes one, everything else a DNS name.</summary>
    public IReadOnlyList<string> AltNames { get; init; } = [];

    /// <summary>Usable by servers.</summary>
    /// <value>The default value is true.</value>
    public bool ServerAuth { get; init; } = true;

    /// <summary>Usable by clients.</summary>
    /// <value>The default value is true.</value>
    public bool ClientAuth { get; init; } = true;

    /// <summary>How long it is valid. Evidence in it is as old as it is, so it is short: issue a new one instead.</summary>
    /// <value>The default value is one day.</value>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Extensions for the evidence.</summary>
    /// <value>The default value is <see cref="RaTlsForm.Current"/>.</value>
    public RaTlsForm Form { get; init; } = RaTlsForm.Current;

    /// <summary>Special usage, extension .4; null for none.</summary>
    public string? SpecialUsage { get; init; }

    /// <summary>Whether application info goes along, extension .9.</summary>
    /// <value>The default value is true.</value>
    public bool WithAppInfo { get; init; } = true;
}

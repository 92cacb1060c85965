namespace Witan.Attestation;

/// <summary>What was found to be true about an EPID report, by checks that know no policy.</summary>
public sealed record IasFacts
{
    /// <summary>The report.</summary>
    public required IasReport Report { get; init; }

    /// <summary>The moment it was judged at. The certificate chain is judged at the report's own time.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether Intel's service made the report: undetermined where signature or certificate did not come.</summary>
    public required Authenticity Authenticity { get; init; }

    /// <summary>Whether the root is a development root.</summary>
    public required bool IsSimulated { get; init; }

    /// <summary>Everything found, in the order of the checks: the first error is the primary cause.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>The platform info blob, decoded; null where there is none, or none that can be read.</summary>
    public PlatformInfoBlob? PlatformInfo { get; init; }

    /// <summary>What is below the TCB to reach, as far as the report says; bytes of CPUSVN are a hint.</summary>
    public IReadOnlyList<TcbShortfall> Shortfall { get; init; } = [];

    /// <summary>SHA-256 of the signer's certificate in DER, hexadecimal; null where none came or it is not trusted.</summary>
    public string? SignerFingerprint { get; init; }

    /// <summary>Until when the signer's certificate is valid; null where none came or it is not trusted.</summary>
    public DateTimeOffset? SignerNotAfter { get; init; }

    /// <summary>The DCAP status that the report's status stands for; null where it stands for none.</summary>
    public TcbStatus? TcbStatus => ConfidenceLevels.FromEpid(Report.StatusText);

    /// <summary>How old the report was at the moment. Nothing in the cryptography proves freshness.</summary>
    public TimeSpan Age => At - Report.Timestamp;
}

using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>How the replay of a register came out.</summary>
public enum ReplayOutcome
{
    /// <summary>The log gives the quoted value.</summary>
    Matches,

    /// <summary>The log gives another value: it is not what was measured.</summary>
    Differs,

    /// <summary>The log was stripped of this register's events; the quoted value stands unexplained.</summary>
    NotInLog,
}

/// <summary>The replay of one register.</summary>
/// <param name="Register">Index, 0 to 3.</param>
/// <param name="Outcome">How it came out.</param>
/// <param name="Quoted">Value in the quote, 48 bytes.</param>
/// <param name="Replayed">Value that the log gives, 48 bytes; null where the log holds too little.</param>
/// <param name="Events">How many events the log holds for it.</param>
public sealed record RegisterReplay(int Register, ReplayOutcome Outcome, ReadOnlyMemory<byte> Quoted, ReadOnlyMemory<byte>? Replayed, int Events);

/// <summary>What was found to be true of dstack evidence, by checks that know no policy.</summary>
public sealed record DstackFacts
{
    /// <summary>The evidence.</summary>
    public required DstackEvidence Evidence { get; init; }

    /// <summary>Facts about the quote alone.</summary>
    public required QuoteFacts Quote { get; init; }

    /// <summary>
    /// What all checks came to: genuine only where the quote is, every register that the log explains replays, and nothing contradicts
    /// anything or an expectation.
    /// </summary>
    public required Authenticity Authenticity { get; init; }

    /// <summary>RTMR0 to RTMR3.</summary>
    public required IReadOnlyList<RegisterReplay> Registers { get; init; }

    /// <summary>What the boot events say of the application. Means nothing unless <see cref="Authenticity"/> is genuine.</summary>
    public required AppIdentity Identity { get; init; }

    /// <summary><c>mr_system</c> and <c>mr_aggregated</c>.</summary>
    public required AggregateMeasurements Measurements { get; init; }

    /// <summary>Version of MRCONFIGID: 1 to 3, or 0 where it is not used.</summary>
    public required int MrConfigVersion { get; init; }

    /// <summary>The OS image.</summary>
    public required OsImageFacts OsImage { get; init; }

    /// <summary>What the host says of the machine; null where nothing was sent. Only what <see cref="OsImage"/> measures is bound.</summary>
    public VmConfig? VmConfig { get; init; }

    /// <summary>SHA-256 of the platform's PPID, 32 bytes: which machine it ran on. Null unless the quote is genuine.</summary>
    public ReadOnlyMemory<byte>? DeviceId { get; init; }

    /// <summary>What the caller expected.</summary>
    public required EvidenceExpectations Expectations { get; init; }

    /// <summary>Everything found, the quote's findings first: the first error is the primary cause.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }
}

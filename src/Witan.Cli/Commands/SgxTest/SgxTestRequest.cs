using Witan.Attestation;
using Witan.Dstack.CollateralService;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>What a user asked for.</summary>
internal sealed record SgxTestRequest
{
    public string? Record { get; init; }

    public string? Replay { get; init; }

    public string? Root { get; init; }

    public bool Attest { get; init; }

    public string? WhitelistedEnclave { get; init; }

    public string? Quote { get; init; }

    public string? Collateral { get; init; }

    /// <summary>Makes the client that fetches collateral; null where nothing may be fetched.</summary>
    public Func<TrustRoot, CollateralClient>? CollateralClient { get; init; }

    public string? IasReport { get; init; }

    public string? IasSignature { get; init; }

    public string? IasCertificate { get; init; }

    public string? TrustRoot { get; init; }

    public bool Simulated { get; init; }

    public string? At { get; init; }

    public required string Policy { get; init; }

    public Requirement? Require { get; init; }

    public string? Explain { get; init; }

    public bool Json { get; init; }

    public bool Verbose { get; init; }

    public bool All { get; init; }

    public bool PlainText { get; init; }

    /// <summary>Name of the one probe to run as a child; null in the parent.</summary>
    public string? Probe { get; init; }

    public bool HasEvidence => Quote is not null || IasReport is not null;

    /// <summary>Evidence alone is judged without a look at the machine: it may come from any other. Whatever asks about a machine looks at one.</summary>
    public bool LooksAtMachine =>
        !HasEvidence || Replay is not null || Root is not null || Record is not null || Explain is not null || Require?.Tees.Count > 0
        || Attest || All || Verbose || WhitelistedEnclave is not null;
}

using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>Why something was refused. Stable names; they are signed and shown.</summary>
[JsonConverter(typeof(NamedConverter<RefusalCode>))]
public enum RefusalCode
{
    /// <summary>The agent is not on the frozen roster.</summary>
    NotOnRoster,

    /// <summary>The message belongs to another proposal, configuration or slot.</summary>
    WrongContext,

    /// <summary>A proof does not verify.</summary>
    ProofInvalid,

    /// <summary>A signature does not verify.</summary>
    SignatureInvalid,

    /// <summary>The slot holds another ballot already; both are kept as evidence.</summary>
    Equivocation,

    /// <summary>Too late.</summary>
    Late,

    /// <summary>Not possible in the state the proposal is in.</summary>
    WrongState,

    /// <summary>The attestation has expired or was revoked.</summary>
    AttestationExpired,

    /// <summary>The message contradicts what the record already says.</summary>
    Contradiction,
}

/// <summary>A refusal with its reason.</summary>
/// <param name="Code">Stable.</param>
/// <param name="Message">One sentence.</param>
public sealed record Refusal(RefusalCode Code, string Message);

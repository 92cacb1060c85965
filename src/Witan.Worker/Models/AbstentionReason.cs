namespace Witan.Worker.Models;

/// <summary>Why a worker abstains instead of voting as its model said. Stable names; they are shown and stored.</summary>
public enum AbstentionReason
{
    /// <summary>The model chose to abstain.</summary>
    Chosen,

    /// <summary>No well-formed vote after the last repair.</summary>
    MalformedVote,

    /// <summary>The service could not be reached, or broke off.</summary>
    ModelUnreachable,

    /// <summary>The service answered with an error status.</summary>
    ModelRefused,

    /// <summary>The service answered with something that is no chat completion.</summary>
    ModelGarbage,

    /// <summary>The time allowed for this proposal ran out.</summary>
    TimeBudget,

    /// <summary>The tokens allowed for this proposal ran out.</summary>
    TokenBudget,

    /// <summary>The proposal is longer than what is put before a model.</summary>
    ProposalTooLong,

    /// <summary>The answer's signed evidence was required and did not verify.</summary>
    EvidenceInvalid,

    /// <summary>The answer had to be signed by a key of an attested TEE, and was not.</summary>
    SignerNotAttested,

    /// <summary>The deliberation did not end before the close.</summary>
    OutOfTime,

    /// <summary>The deliberation failed in a way that nobody foresaw.</summary>
    Unforeseen,
}

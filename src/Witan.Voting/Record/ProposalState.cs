using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>Where a proposal stands.</summary>
[JsonConverter(typeof(NamedConverter<ProposalState>))]
public enum ProposalState
{
    /// <summary>Waits for trustees, key and roster.</summary>
    Draft,

    /// <summary>Roster and key are fixed.</summary>
    Open,

    /// <summary>Sealed arguments are taken, and no ballots yet.</summary>
    Deliberating,

    /// <summary>Ballots are taken.</summary>
    Voting,

    /// <summary>Closed; waits for trustees to open the sum.</summary>
    Tallying,

    /// <summary>Decided; waits for the target's confirmation.</summary>
    Settling,

    /// <summary>Decided and settled.</summary>
    Settled,

    /// <summary>Too few ballots.</summary>
    NoQuorum,

    /// <summary>Ended before the close by the authority.</summary>
    Cancelled,

    /// <summary>A deadline passed.</summary>
    Expired,

    /// <summary>Cannot continue.</summary>
    Failed,
}

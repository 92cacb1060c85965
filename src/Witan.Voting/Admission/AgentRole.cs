using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>What an agent is in the system. Part of what its evidence is bound to.</summary>
[JsonConverter(typeof(NamedConverter<AgentRole>))]
public enum AgentRole
{
    /// <summary>Keeps the record.</summary>
    Coordinator,

    /// <summary>Deliberates and votes.</summary>
    Worker,

    /// <summary>Holds a share of the key.</summary>
    Trustee,
}

/// <summary>What a nonce may be used for.</summary>
[JsonConverter(typeof(NamedConverter<NoncePurpose>))]
public enum NoncePurpose
{
    /// <summary>To be admitted or enrolled for the first time.</summary>
    Admission,

    /// <summary>To renew evidence before it expires.</summary>
    Renewal,

    /// <summary>To receive a key.</summary>
    KeyRelease,

    /// <summary>To have a checkpoint attested.</summary>
    Checkpoint,
}

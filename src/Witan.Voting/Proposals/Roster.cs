namespace Witan.Voting;

/// <summary>One voter of a frozen roster.</summary>
/// <param name="Keys">Its public keys.</param>
/// <param name="Weight">How much its ballot counts, 1 or more.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 where there is no evidence (LOCAL_MODE).</param>
/// <param name="Evidence">SHA-256 of the evidence it was admitted on; zero where there is none.</param>
public sealed record RosterEntry(AgentKeys Keys, int Weight, int ConfidenceLevel, Digest Evidence);

/// <summary>Hashes over rosters and slots.</summary>
public static class Roster
{
    /// <summary>The root: a hash over the proposal and all entries in their order.</summary>
    public static Digest Root(Digest proposal, IReadOnlyCollection<RosterEntry> entries) => new CanonicalWriter(DomainTags.Roster)
        .Bytes(proposal.Bytes)
        .List(entries, (writer, entry) => writer
            .Bytes(entry.Keys.Signing.Bytes).Point(entry.Keys.Encryption)
            .Number(entry.Weight).Number(entry.ConfidenceLevel).Bytes(entry.Evidence.Bytes))
        .Hash();

    /// <summary>The voting slot of one agent. Anyone can compute it, so nobody can have two.</summary>
    public static Digest Nullifier(Digest proposal, Digest configuration, Digest agent) => new CanonicalWriter(DomainTags.Nullifier)
        .Bytes(proposal.Bytes).Bytes(configuration.Bytes).Bytes(agent.Bytes).Hash();
}

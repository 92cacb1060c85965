using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// What every proof and signature of a ballot is bound to: the target, the proposal, its configuration, the
/// frozen roster and the election key. A proof moved to another context does not verify.
/// </summary>
/// <param name="Target">Where the decision is settled; <c>local-record</c> unless configured otherwise.</param>
/// <param name="Proposal">The proposal's id.</param>
/// <param name="Configuration">Hash over rules, policy, trustees and key.</param>
/// <param name="RosterRoot">Hash over the frozen roster.</param>
/// <param name="ElectionKey">The trustees' joint key.</param>
/// <param name="Options">How many options a ballot has.</param>
public sealed record BallotContext(
    string Target, Digest Proposal, Digest Configuration, Digest RosterRoot, P256Point ElectionKey, int Options)
{
    /// <summary>A writer that holds the context in the order of the strong Fiat-Shamir rule: group, keys, context.</summary>
    internal CanonicalWriter Begin(string tag) => new CanonicalWriter(tag)
        .Text("P-256").Point(P256Point.Generator).Point(ElectionKey)
        .Text(Target).Bytes(Proposal.Bytes).Bytes(Configuration.Bytes).Bytes(RosterRoot.Bytes).Number(Options);
}

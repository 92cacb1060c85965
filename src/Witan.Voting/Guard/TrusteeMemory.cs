namespace Witan.Voting;

/// <summary>What a trustee remembers of having opened a sum.</summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="ClosedHead">Hash of the event that closed its record.</param>
/// <param name="Sums">Hash over the encrypted sums.</param>
/// <param name="Question">Hash over the question without its rules and times.</param>
/// <param name="Voters">The roster, ids in order, where the trustee compares rosters (<see cref="TrusteeRules.LinkSameQuestions"/>); else empty.</param>
/// <param name="Answer">What was answered: given again, to the byte, to the identical request.</param>
public sealed record OpenedSum(
    Digest Proposal, Digest ClosedHead, Digest Sums, Digest Question, IReadOnlyList<Digest> Voters, PartialDecryption Answer);

/// <summary>
/// All that a trustee's refusals depend on beside the record. It is stored, sealed, before an answer leaves: then neither a
/// restart nor a second coordinator makes it forget.
/// </summary>
/// <param name="Version">Grows by one with each change; part of the seal, so that an older copy can be told.</param>
/// <param name="Newest">The newest checkpoint seen of each proposal, in the order of their ids.</param>
/// <param name="Opened">The sums opened, in the order of time.</param>
public sealed record TrusteeMemory(long Version, IReadOnlyList<Checkpoint> Newest, IReadOnlyList<OpenedSum> Opened)
{
    /// <summary>A trustee that has seen nothing.</summary>
    public static TrusteeMemory Empty { get; } = new(0, [], []);

    /// <summary>The newest checkpoint seen of a proposal, or null.</summary>
    public Checkpoint? Find(Digest proposal) => Newest.FirstOrDefault(seen => seen.Proposal == proposal);

    internal TrusteeMemory With(Checkpoint checkpoint) => this with
    {
        Version = Version + 1,
        Newest = [.. Newest.Where(seen => seen.Proposal != checkpoint.Proposal).Append(checkpoint).OrderBy(seen => seen.Proposal)],
    };

    internal TrusteeMemory With(OpenedSum opened) => this with { Version = Version + 1, Opened = [.. Opened, opened] };
}

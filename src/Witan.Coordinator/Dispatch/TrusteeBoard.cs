using System.Security.Cryptography;
using Witan.Coordinator.Records;
using Witan.Voting;

namespace Witan.Coordinator.Dispatch;

/// <summary>
/// What trustees have to look after, and the way of their messages into the record. A message that came before is answered as
/// the first was: a restarted trustee may say everything again.
/// </summary>
internal sealed class TrusteeBoard(ProposalBook book, TimeProvider clock)
{
    private readonly ChangeSignal _changed = new();

    // Begins anywhere: the number of another process is never taken for this one's.
    private long _version = RandomNumberGenerator.GetInt32(1, int.MaxValue);

    /// <summary>Something happened that is for trustees: anything but a ballot.</summary>
    public void Follow()
    {
        Interlocked.Increment(ref _version);
        _changed.Raise();
    }

    /// <summary>The unfinished proposals of a trustee; waits until something happened since <paramref name="seen"/>, at most so long, and not beyond <paramref name="draining"/>.</summary>
    public async Task<TrusteeTaskPage> TasksAsync(Digest trustee, long seen, TimeSpan wait, CancellationToken draining, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        while (true)
        {
            Task next = _changed.Next;
            var page = new TrusteeTaskPage(Interlocked.Read(ref _version), [.. Tasks(trustee)]);
            TimeSpan left = wait - clock.GetElapsedTime(start);
            if (page.Version != seen || left <= TimeSpan.Zero || draining.IsCancellationRequested)
                return page;
            await ChangeSignal.WaitAsync(next, left, clock, draining, cancellationToken);
        }
    }

    /// <summary>The index of a trustee in a record, or null.</summary>
    public static int? IndexOf(RecordState state, Digest trustee) =>
        state.Trustees.Find(candidate => candidate.Keys.AgentId == trustee)?.Index;

    /// <summary>What becomes of a message of the trustee with an index.</summary>
    public static Ruling Rule(RecordState state, RecordPayload payload)
    {
        bool known = payload switch
        {
            ContributionCommitted said => state.Commitments.TryGetValue(said.Commitment.Index, out ContributionCommitment? before) && before.Hash == said.Commitment.Hash,
            KeyContributed said => state.Contributions.TryGetValue(said.Contribution.Index, out KeyContribution? before)
                && before.Hash(state.KeyGeneration) == said.Contribution.Hash(state.KeyGeneration),
            SharesJudged said => state.ShareVerdicts.TryGetValue(said.Judgement.Index, out ShareVerdict? before) && before.Against.SequenceEqual(said.Judgement.Against),
            ShareDisclosed said => state.Disclosures.ContainsKey((said.Disclosure.From, said.Disclosure.To)),
            // Once the sum is open, one more part changes nothing.
            PartiallyDecrypted said => state.Partials.ContainsKey(said.Partial.Index) || state.State is ProposalState.Settling or ProposalState.Settled,
            _ => false,
        };
        return known ? Ruling.Nothing : Ruling.Append(payload, ProofChecks.All);
    }

    private IEnumerable<TrusteeTask> Tasks(Digest trustee)
    {
        foreach (ProposalKeeper keeper in book.All)
        {
            RecordState state = keeper.State;
            if (!state.IsFinal && keeper.IsConfirmed && IndexOf(state, trustee) is not null)
                yield return new TrusteeTask(keeper.Id, state.State, state.Size);
        }
    }
}

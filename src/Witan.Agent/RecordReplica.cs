using Witan.Voting;

namespace Witan.Agent;

/// <summary>
/// An agent's own replay of a record: it fetches events, checks every proof, and never takes a coordinator's word for a state.
/// A record that is shorter than it was, or different, is refused: the coordinator was rolled back or lies. With
/// <paramref name="ballotsLater"/> the proofs of ballots alone are left out: for a caller that checks them all before it acts on them.
/// </summary>
public sealed class RecordReplica(CoordinatorClient client, Digest proposal, Digest coordinator, bool ballotsLater = false)
{
    private readonly List<RecordEvent> _events = [];

    /// <summary>The state so far; null before the first event.</summary>
    public RecordState? State { get; private set; }

    /// <summary>The events so far.</summary>
    public IReadOnlyList<RecordEvent> Events => _events;

    /// <summary>Fetches what is new and applies it. Throws <see cref="InvalidDataException"/> where the record does not hold.</summary>
    public Task<RecordState?> AdvanceAsync(CancellationToken cancellationToken) => AdvanceAsync(static _ => false, "", cancellationToken);

    /// <summary>
    /// The same, but no further than <paramref name="isEnough"/>: for whoever needs the beginning of a record that may be long. In pages so small that little is
    /// fetched in vain.
    /// </summary>
    public Task<RecordState?> AdvanceUntilAsync(Func<RecordState, bool> isEnough, CancellationToken cancellationToken) => AdvanceAsync(isEnough, "&limit=32", cancellationToken);

    private async Task<RecordState?> AdvanceAsync(Func<RecordState, bool> isEnough, string limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The last known event is asked for again: if it changed, the record was rewritten.
            int known = _events.Count, from = Math.Max(0, known - 1);
            IReadOnlyList<RecordEvent> events = await client.GetAsync(
                $"v1/proposals/{proposal}/events?from={from}{limit}", WireJson.Default.IReadOnlyListRecordEvent, cancellationToken) ?? [];
            if (known > 0 && (events.Count == 0 || events[0].Hash != _events[^1].Hash))
                throw new InvalidDataException($"the record of proposal {proposal.Short()} is not the one seen before: it was rolled back or rewritten");
            int repeated = known > 0 ? 1 : 0;
            foreach (RecordEvent next in events.Skip(repeated))
            {
                Apply(next);
                if (isEnough(State!))
                    return State;
            }

            if (events.Count == repeated)
                return State;
        }
    }

    private void Apply(RecordEvent next)
    {
        ProofChecks checks = ballotsLater && next.Payload is BallotCast ? ProofChecks.None : ProofChecks.All;
        RecordState? state = RecordFold.Apply(State, next, checks, out Refusal? refusal);
        if (state is null)
            throw new InvalidDataException($"event {next.Sequence} of proposal {proposal.Short()} does not hold: {refusal!.Message}");
        if (state.Opening.Coordinator != coordinator || state.ProposalId != proposal)
            throw new InvalidDataException($"the record of proposal {proposal.Short()} is of another coordinator or proposal");
        State = state;
        _events.Add(next);
    }
}

using Witan.Crypto;

namespace Witan.Voting;

/// <summary>What the keeper of a record has to append next by itself, as a pure function of state, voters at hand and time.</summary>
public static class Lifecycle
{
    /// <summary>
    /// The next event that is due without anybody's message; null where the record waits for one. <paramref name="admitted"/> are
    /// the workers that could be put on a roster now; <paramref name="trustees"/> the trustees that could be enrolled,
    /// both enumerated only where the record has come that far; <paramref name="show"/> opens the arguments of a round that is over, or ends a record in which it cannot: only the keeper's secret can.
    /// </summary>
    public static RecordPayload? Next(
        RecordState state, IEnumerable<RosterEntry> admitted, IEnumerable<Trustee> trustees, DateTimeOffset now, Func<RecordState, RecordPayload>? show = null)
    {
        switch (state.State)
        {
            case ProposalState.Draft when now > state.Body.OpenBy:
                return new Ended(EndReason.Expired, "roster and key were not complete in time");
            case ProposalState.Draft when state.Trustees.Count == 0:
                Trustee[] first = [.. trustees.Take(state.Body.Trustees)];
                return first.Length == state.Body.Trustees ? new TrusteesEnrolled([.. first]) : null;
            case ProposalState.Draft when state.ElectionKey is null:
                return NextKey(state, now);
            case ProposalState.Draft:
                return Freeze(state, admitted);
            case ProposalState.Open:
                return state.Body.Rounds > 0 ? new DeliberationOpened() : new VotingOpened();
            case ProposalState.Deliberating when state.SealedArguments.Count == state.Roster.Count || now >= state.Body.ArgueBy:
                return show?.Invoke(state);
            case ProposalState.Voting when state.Ballots.Count == state.Roster.Count:
                return new RecordClosed(CloseReason.Complete);
            case ProposalState.Voting when now >= state.Body.CloseAt:
                return new RecordClosed(CloseReason.Deadline);
            case ProposalState.Tallying when state.Partials.Count >= state.Body.Threshold:
                return Tally(state);
            case ProposalState.Tallying when now > state.Body.SettleBy:
                return new Ended(EndReason.Expired, "too few trustees opened the sum in time");
            default:
                return null;
        }
    }

    /// <summary>Opens the arguments of a round that is over, with the coordinator's secret.</summary>
    public static RecordPayload ShowArguments(RecordState state, P256Scalar secret)
    {
        if (state.ArgumentsToShow == 0)
            return new ArgumentsOpened([]);
        var opened = new List<Argument>();
        foreach (SealedArgument argument in state.SealedArguments.Values)
        {
            if (!argument.TryOpen(state, secret, out Argument? plain))
                return new Ended(EndReason.Failed, "a sealed argument does not open: the coordinator's key is another one");
            opened.Add(plain);
        }

        return new ArgumentsOpened(Argument.InOrder(opened));
    }

    /// <summary>The key, or the end of a proposal that gets none; null while trustees have still to speak.</summary>
    internal static RecordPayload? NextKey(RecordState state, DateTimeOffset now)
    {
        if (!KeyFold.IsJudged(state, now))
            return null;
        RecordState next = state with { Qualified = KeyFold.Qualify(state) };
        if (next.Qualified.Count >= state.Body.Threshold && !KeyFold.IsSecret(state, next.Qualified))
            return new Ended(EndReason.Failed, "so many shares were disclosed that the key would be no secret: shares were withheld, or trustees complained wrongly");
        if (next.Qualified.Count < state.Body.Threshold || JointKey.Combine(next.QualifiedContributions) is not { } key
            || next.Qualified.Any(index => JointKey.VerificationKey(next.QualifiedContributions, index).IsIdentity))
        {
            return new Ended(EndReason.Failed, "key generation disqualified too many trustees, or gave no usable key");
        }

        return new KeyAgreed([.. next.Qualified], key);
    }

    private static RosterFrozen? Freeze(RecordState state, IEnumerable<RosterEntry> admitted)
    {
        RosterEntry[] entries = [.. admitted.OrderBy(entry => entry.Keys.AgentId)];
        if (entries.Length < state.Body.MinimumRoster)
            return null;
        return new RosterFrozen(entries, state.ComputeConfiguration(state.ElectionKey!), Roster.Root(state.ProposalId, entries));
    }

    private static RecordPayload Tally(RecordState state)
    {
        if (RecordFold.Count(state) is not { } counts)
            return new Ended(EndReason.Failed, "the partial decryptions do not open the sum");
        Outcome outcome = Outcome.Decide(state.Body, counts);
        return new Tallied(counts, outcome.Decision, outcome.Winner);
    }
}

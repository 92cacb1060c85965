namespace Witan.Voting;

/// <summary>What an audit found.</summary>
/// <param name="Valid">Whether everything in the file follows from its events, and every event from its proofs.</param>
/// <param name="State">The state that the events lead to; null where they lead nowhere.</param>
/// <param name="FailedEvent">Sequence number of the first event that fails; null where none does or the file itself is wrong.</param>
/// <param name="Problem">What is wrong, one sentence; null where nothing is.</param>
/// <param name="Warnings">What a reader should know though it is not wrong.</param>
public sealed record AuditReport(bool Valid, RecordState? State, long? FailedEvent, string? Problem, IReadOnlyList<string> Warnings);

/// <summary>
/// Replays a published decision offline: chain, signatures, key generation, roster, every ballot's proofs, the sum, every
/// partial decryption, the outcome, and the summary. It trusts nothing but the file's own first event: who the coordinator is
/// and what the policy was must be compared with what the reader knows, by <see cref="AuditOptions"/>.
/// </summary>
public static class Audit
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaximumBytes = 256 << 20;

    /// <summary>Audits the bytes of a decision file. Never throws on bad input.</summary>
    public static AuditReport Run(ReadOnlySpan<byte> file, AuditOptions? options = null)
    {
        if (file.Length > MaximumBytes)
            return Bad(null, null, $"the file has {file.Length} bytes; at most {MaximumBytes} are read");
        return StrictJson.TryRead(file, RecordJson.Default.DecisionFile, out DecisionFile? decision, out string? problem)
            ? Run(decision, options)
            : Bad(null, null, $"not a decision file: {problem}");
    }

    /// <summary>Audits a parsed decision file.</summary>
    public static AuditReport Run(DecisionFile decision, AuditOptions? options = null)
    {
        options ??= new AuditOptions();
        if (decision.Schema != DecisionFile.SchemaName)
            return Bad(null, null, $"schema is not {DecisionFile.SchemaName}");
        RecordState? state = null;
        foreach (RecordEvent next in decision.Events)
        {
            // Ballots are checked beside the fold, on all cores; everything else inside it.
            RecordState? folded = RecordFold.Apply(state, next, RecordedBallots.InFold(next), out Refusal? refusal);
            if (folded is null)
                return BadBallot(state, decision.Events, options) ?? Bad(state, next.Sequence, $"event {next.Sequence} ({next.Payload.Name}): {refusal!.Message}");
            state = folded;
        }

        if (state is null)
            return Bad(null, null, "the file has no events");
        if (BadBallot(state, decision.Events, options) is { } bad)
            return bad;
        if (options.Problem(state, decision.Events) is { } expectation)
            return Bad(state, null, expectation);
        DecisionFile expected = DecisionFile.Of(state, decision.Events);
        bool same = expected.Mark == decision.Mark && expected.Proposal == decision.Proposal && expected.State == decision.State
            && expected.Decision == decision.Decision && expected.Winner == decision.Winner
            && expected.Counts.SequenceEqual(decision.Counts) && (decision.Warning.Length == 0 || decision.Warning == expected.Warning);
        return same
            ? new AuditReport(true, state, null, null, Warnings(state))
            : Bad(state, null, "the summary is not what the events say");
    }

    /// <summary>What a reader of a result should know though it is not wrong.</summary>
    public static IReadOnlyList<string> Warnings(RecordState state)
    {
        var warnings = new List<string>();
        if (state.Mode.Mark() is { } mark)
            warnings.Add($"{mark}: this record proves nothing about the machines that made it. {state.Mode.Warning()}");
        if (state.Counts.Count > 0 && state.Counts.Any(count => count == state.TotalWeight))
            warnings.Add("the result is unanimous: it reveals every vote");
        if (state.SealedArguments.Count > state.ArgumentsToShow)
            warnings.Add($"{state.SealedArguments.Count} of {state.Roster.Count} argued, too few to be shown without a name: the vote was held without arguments");
        if (Leak(state) is { } leak)
            warnings.Add(leak);
        if (state.Equivocators.Count > 0)
            warnings.Add($"{state.Equivocators.Count} agent(s) signed two different ballots; the first counts, both are in the record");
        if (!state.IsFinal && state.State != ProposalState.Settling)
            warnings.Add($"the record is not finished: it stands at {state.State}");
        return warnings;
    }

    // Equal weights leak only what a unanimous result does. Different ones can name each voter.
    private static string? Leak(RecordState state)
    {
        int[] weights = [.. state.Ballots.Values.Select(ballot => state.Roster[ballot.Agent].Weight)];
        if (state.Counts.Count == 0 || weights.Distinct().Count() < 2)
            return null;
        return Explanations.Count(weights, state.Counts, weights.Length + 1) switch
        {
            null => "the weights differ: together with the totals they can reveal votes; the ways of voting that explain the totals are too many to count",
            1 => "the weights differ, and only one way of voting explains the totals: they reveal every vote",
            long ways when ways <= weights.Length => $"the weights differ, and only {ways} ways of voting explain the totals",
            _ => "the weights differ: together with the totals they can reveal votes",
        };
    }

    // Among the events that were folded. Where a later one fails in the fold, the ballot is still the first that does.
    private static AuditReport? BadBallot(RecordState? state, IReadOnlyList<RecordEvent> events, AuditOptions options) =>
        state is not null && RecordedBallots.FirstBad(state, [.. events.Take((int)state.Size)], options.Parallelism) is var (failed, reason)
            ? Bad(state, failed.Sequence, $"event {failed.Sequence} (ballot-cast): {reason.Message}")
            : null;

    private static AuditReport Bad(RecordState? state, long? failedEvent, string problem) => new(false, state, failedEvent, problem, []);
}

using System.Text.Json;
using Witan.Tests.Voting;
using Witan.Voting;

namespace Witan.Fuzz.Records;

/// <summary>What became of one changed copy.</summary>
internal enum FuzzOutcome
{
    /// <summary>It was refused.</summary>
    Refused,

    /// <summary>It was taken, and every claim is as it was.</summary>
    Same,

    /// <summary>It was taken with other claims: a finding.</summary>
    Changed,
}

/// <summary>
/// One decision and the changed copies of it: bytes of the published file, bytes of single ballots on their way in, and records of which one
/// event was changed and everything signed anew by the coordinator's own key, so that the change gets past hashes and signatures to the
/// rules behind them.
/// </summary>
internal sealed class RecordFuzz
{
    private readonly Council _council = new(3);
    private readonly DecisionFile _decision;
    private readonly RecordState _voting;
    private readonly byte[] _file;
    private readonly byte[][] _events;
    private readonly byte[][] _ballots;
    private readonly Digest[] _hashes;
    private readonly string _claims;
    private readonly string _outcome;

    public RecordFuzz()
    {
        RecordState state = _council.Decide(0, 0, 1);
        Ballot[] ballots = [.. _council.Events.Select(next => next.Payload).OfType<BallotCast>().Select(cast => cast.Ballot)];
        _voting = _council.Fork(_council.Events.FindIndex(next => next.Payload is BallotCast)).State;
        _decision = DecisionFile.Of(state, _council.Events);
        _file = _decision.ToBytes();
        _events = [.. _council.Events.Select(next => JsonSerializer.SerializeToUtf8Bytes(next, RecordJson.Default.RecordEvent))];
        _ballots = [.. ballots.Select(ballot => JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot))];
        _hashes = [.. ballots.Select(ballot => ballot.Hash())];
        _claims = Claims(_file)!;
        _outcome = Outcome(state);
    }

    /// <summary>The claims of a valid file as one text; null where the audit refuses it.</summary>
    public static string? Claims(byte[] file)
    {
        AuditReport report = Audit.Run(file, new AuditOptions { Parallelism = 1 });
        return report is { Valid: true, State: { } state } ? $"{state.Head} {Outcome(state)}" : null;
    }

    /// <summary>One copy of the kind that the seed names: of twenty, fifteen ballots, four files, one record signed anew.</summary>
    public FuzzOutcome Run(ulong seed) => (seed % 20) switch
    {
        < 15 => RunBallot(seed),
        < 19 => RunFile(seed),
        _ => RunSignedAnew(seed),
    };

    public FuzzOutcome RunFile(ulong seed)
    {
        string? claims = Claims(new RecordMutator(seed).Mutate(_file));
        return claims is null ? FuzzOutcome.Refused : claims == _claims ? FuzzOutcome.Same : FuzzOutcome.Changed;
    }

    public FuzzOutcome RunBallot(ulong seed)
    {
        int which = (int)(seed / 20 % (ulong)_ballots.Length);
        byte[] changed = new RecordMutator(seed).Mutate(_ballots[which]);
        if (!StrictJson.TryRead(changed, WireJson.Default.Ballot, out Ballot? ballot, out _)
            || BallotIntake.Judge(_voting, ballot, _council.Now, attested: true) is not BallotVerdict.Append)
        {
            return FuzzOutcome.Refused;
        }

        return ballot.Hash() == _hashes[which] ? FuzzOutcome.Same : FuzzOutcome.Changed;
    }

    public FuzzOutcome RunSignedAnew(ulong seed)
    {
        int at = (int)(seed / 20 % (ulong)_events.Length);
        byte[] changed = new RecordMutator(seed).Mutate(_events[at]);
        if (!StrictJson.TryRead(changed, RecordJson.Default.RecordEvent, out RecordEvent? parsed, out _))
            return FuzzOutcome.Refused;
        List<RecordEvent> events = _council.Rechain(_council.Events.Select((next, i) => i == at ? parsed.Payload : next.Payload));
        var options = new AuditOptions { Parallelism = 1 };
        AuditReport report = Audit.Run(_decision with { Events = events }, options);
        // The coordinator would publish the summary that fits.
        if (report is { Valid: false, FailedEvent: null, State: { } state })
            report = Audit.Run(DecisionFile.Of(state, events), options);
        return !report.Valid ? FuzzOutcome.Refused : Outcome(report.State!) == _outcome ? FuzzOutcome.Same : FuzzOutcome.Changed;
    }

    // What a record says: everything but the hashes of its events and what the coordinator may word as it likes.
    private static string Outcome(RecordState state) =>
        $"{state.ProposalId} {state.State} {state.Outcome} {string.Join(',', state.Counts)} {state.Mode} {state.Explanation} {state.Configuration} {state.RosterRoot} "
        + string.Join(' ', state.Ballots.Values.Select(ballot => ballot.Hash()).Order());
}

using System.Security.Cryptography;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// Where the ballots of one proposal come in. Those that gather while others are being checked and written are checked together, beside the record's queue,
/// and go into it together: one transaction, one flush. Whoever is told "taken" is told so after that.
/// </summary>
internal sealed class BallotGate(ProposalKeeper keeper, KeeperContext context)
{
    // More gain little, and the first would wait for the last.
    private const int MaximumTogether = 128;

    // From so many on a second core helps more than a larger group does.
    private const int WorthAnotherCore = 24;
    private readonly Lock _gate = new();
    private readonly Queue<Waiting> _waiting = new();
    private readonly HashSet<Digest> _spoilers = [];
    private int _checkers;

    /// <summary>
    /// Takes a ballot; <see cref="BallotVerdict.Repeat"/> with its position where it is durable in the record, now or before. Throws
    /// <see cref="Stores.StoreException"/>.
    /// </summary>
    public Task<BallotVerdict> TakeAsync(IncomingBallot ballot)
    {
        var waiting = new Waiting(ballot);
        lock (_gate)
        {
            _waiting.Enqueue(waiting);
            if (_checkers >= Environment.ProcessorCount || _waiting.Count <= _checkers * WorthAnotherCore)
                return waiting.Done.Task;
            _checkers++;
        }

        _ = Task.Run(CheckAsync);
        return waiting.Done.Task;
    }

    // Group after group, until nobody waits. The next one gathers until this one is durable: a larger group costs less for each.
    private async Task CheckAsync()
    {
        while (true)
        {
            Task recorded;
            await context.Cores.WaitAsync();
            try
            {
                if (Next() is not { } group)
                    return;
                recorded = Check(group);
            }
            finally
            {
                context.Cores.Release();
            }

            await recorded;
        }
    }

    private List<Waiting>? Next()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _checkers--;
                return null;
            }

            var group = new List<Waiting>(Math.Min(_waiting.Count, MaximumTogether));
            while (group.Count < MaximumTogether && _waiting.TryDequeue(out Waiting? next))
            {
                // Whoever sent a bad proof once has its ballots checked alone: it makes others wait once, not for ever.
                if (_spoilers.Contains(next.Incoming.Ballot.Agent))
                    next.Incoming = next.Incoming with { Hint = BallotCommitments.None };
                group.Add(next);
            }

            return group;
        }
    }

    // Ends when all that was good is durable, or could not be made so.
    private Task Check(List<Waiting> group)
    {
        try
        {
            IReadOnlyList<BallotVerdict> verdicts = BallotIntake.JudgeTogether(
                keeper.State, [.. group.Select(next => next.Incoming)], context.Clock.GetUtcNow(), RandomNumberGenerator.Fill);
            return Task.WhenAll(group.Select((next, i) => PassAsync(next, verdicts[i])));
        }
        catch (Exception e) when (group.Count > 1)
        {
            // A fault of the program over one ballot must not be the others'.
            context.Log($"proposal {keeper.Id.Short()}: {group.Count} ballots are checked one by one after an internal fault: {e}");
            return Task.WhenAll(group.Select(next => Check([next])));
        }
        catch (Exception e)
        {
            group[0].Done.TrySetException(e);
            return Task.CompletedTask;
        }
    }

    private Task PassAsync(Waiting waiting, BallotVerdict verdict)
    {
        // Only a voter that signed its ballot comes as far as the proofs, so that nobody spoils in another's name.
        if (verdict is BallotVerdict.Refuse { Refusal.Code: RefusalCode.ProofInvalid })
        {
            lock (_gate)
                _spoilers.Add(waiting.Incoming.Ballot.Agent);
        }

        // What another coordinator has taken may not be known here yet: no word is signed on what is not the newest state.
        bool mayBeStale = context.IsShared && verdict is BallotVerdict.Refuse { Refusal.Code: RefusalCode.Late or RefusalCode.WrongState or RefusalCode.NotOnRoster };
        if (mayBeStale || verdict is BallotVerdict.Append or BallotVerdict.Refuse { Evidence: not null })
            return RecordAsync(waiting, keeper.RunAsync((state, now) => Rule(state!, waiting.Incoming, verdict, now)));
        waiting.Done.TrySetResult(verdict);
        return Task.CompletedTask;
    }

    private static async Task RecordAsync(Waiting waiting, Task<Entry> recording)
    {
        try
        {
            Entry entry = await recording;
            // On the durable state: a race with the same ballot ends in its receipt, as it should.
            waiting.Done.TrySetResult(entry.Refusal is { } refusal
                ? new BallotVerdict.Refuse(refusal, null)
                : new BallotVerdict.Repeat(entry.State.Positions[waiting.Incoming.Ballot.Nullifier]));
        }
        catch (Exception e)
        {
            waiting.Done.TrySetException(e);
        }
    }

    // The proofs hold already; only where the record went on since is the whole ballot judged again.
    private static Ruling Rule(RecordState state, IncomingBallot incoming, BallotVerdict judged, DateTimeOffset now)
    {
        bool same = judged is BallotVerdict.Append && state.State == ProposalState.Voting && now < state.Body.CloseAt
            && !state.Ballots.ContainsKey(incoming.Ballot.Nullifier);
        if (same)
            return Ruling.Append(((BallotVerdict.Append)judged).Event, ProofChecks.None);
        return BallotIntake.Judge(state, incoming.Ballot, now, incoming.Attested) switch
        {
            BallotVerdict.Append append => Ruling.Append(append.Event, ProofChecks.None),
            BallotVerdict.Refuse refuse => new Ruling(refuse.Evidence, ProofChecks.All, refuse.Refusal),
            _ => Ruling.Nothing,
        };
    }

    private sealed class Waiting(IncomingBallot incoming)
    {
        public IncomingBallot Incoming { get; set; } = incoming;

        public TaskCompletionSource<BallotVerdict> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

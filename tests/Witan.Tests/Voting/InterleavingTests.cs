using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>
/// All interleavings of three workers that cast, two crashes of the coordinator at any point of taking a ballot, and one
/// rollback of its disk to any earlier size. Checked in each: no acknowledged ballot is lost, none counts twice, and the
/// outcome is that of the ballots counted.
/// </summary>
public class InterleavingTests
{
    private static readonly int[] Choices = [0, 1, 0];
    private readonly Council _council = new(3);
    private readonly Ballot[] _ballots;
    private readonly int _opened;
    private readonly HashSet<World> _seen = [];
    private readonly Dictionary<int, IReadOnlyList<long>> _counts = [];
    private int _refusals;

    public InterleavingTests()
    {
        _council.OpenVoting();
        _opened = _council.Events.Count;
        _ballots = [.. Choices.Select((choice, worker) => _council.Ballot(worker, choice))];
    }

    // Log: the workers whose ballots are on the disk, in order. Known: the newest size that a peer holds a checkpoint of, and
    // what stood there, since a record can grow again after a rollback with other ballots.
    private sealed record World(string Log, int Acknowledged, string Known, int Crashes, int Rollbacks);

    [Fact]
    public void Whatever_happens_in_between_the_decision_is_that_of_the_acknowledged_ballots()
    {
        Explore(new World("", 0, "", 2, 1));
        Assert.True(_seen.Count > 200, $"only {_seen.Count} worlds");
        Assert.True(_refusals > 10, $"only {_refusals} rollbacks noticed");
        Assert.Contains(7, _counts.Keys);
    }

    private void Explore(World world)
    {
        if (!_seen.Add(world))
            return;
        Council council = Restart(world.Log);
        Close(world, Restart(world.Log));
        for (int worker = 0; worker < 3; worker++)
        {
            int bit = 1 << worker;
            if (world.Crashes > 0)
                Explore(world with { Crashes = world.Crashes - 1 }); // before anything was written
            switch (BallotIntake.Judge(council.State, _ballots[worker], council.Now, attested: true))
            {
                case BallotVerdict.Append:
                    Assert.DoesNotContain((char)('0' + worker), world.Log);
                    World written = world with { Log = world.Log + worker };
                    Explore(written with { Acknowledged = world.Acknowledged | bit, Known = written.Log });
                    if (world.Crashes > 0)
                        Explore(written with { Crashes = world.Crashes - 1 }); // written, not acknowledged
                    break;
                case BallotVerdict.Repeat repeat:
                    Assert.Equal(_opened + world.Log.IndexOf((char)('0' + worker), StringComparison.Ordinal), repeat.Position.Sequence);
                    Explore(world with { Acknowledged = world.Acknowledged | bit, Known = world.Log });
                    break;
                default:
                    Assert.Fail("an honest ballot was refused");
                    break;
            }
        }

        for (int size = 0; world.Rollbacks > 0 && size < world.Log.Length; size++)
        {
            World rolledBack = world with { Log = world.Log[..size], Rollbacks = 0 };
            if (IsNoticed(rolledBack))
                _refusals++;
            else
                Explore(rolledBack);
        }
    }

    // At start the coordinator compares its record with the newest checkpoint that its peers hold.
    private bool IsNoticed(World world)
    {
        bool noticed = world.Known.Length > 0 && !Restart(world.Known).Checkpoint().IsIn(Restart(world.Log).Events);
        if (!noticed)
            AssertNothingLost(world);
        return noticed;
    }

    private void Close(World world, Council council)
    {
        AssertNothingLost(world);
        council.Now = council.Body.CloseAt;
        council.Advance();
        int counted = world.Log.Sum(worker => 1 << (worker - '0'));
        Assert.Equal(world.Log.Length, council.State.Ballots.Count);
        if (world.Log.Length == 0)
        {
            Assert.Equal(ProposalState.NoQuorum, council.State.State);
            return;
        }

        if (!_counts.TryGetValue(counted, out IReadOnlyList<long>? counts))
            _counts[counted] = counts = Decryption.Combine(council.State.Sums(), [council.Decrypt(1), council.Decrypt(2)], 3)!;
        long[] model = new long[3];
        foreach (char worker in world.Log)
            model[Choices[worker - '0']]++;
        Assert.Equal(model, counts);
    }

    private static void AssertNothingLost(World world)
    {
        for (int worker = 0; worker < 3; worker++)
        {
            int stands = world.Log.Count(letter => letter == '0' + worker);
            Assert.InRange(stands, (world.Acknowledged >> worker) & 1, 1);
        }
    }

    // Replay is recovery: the state comes from the events alone.
    private Council Restart(string log)
    {
        Council council = _council.Fork(_opened);
        foreach (char worker in log)
            council.AppendUnchecked(new BallotCast(_ballots[worker - '0']));
        return council;
    }
}

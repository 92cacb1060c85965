using Witan.Coordinator.Records;
using Witan.Coordinator.Stores;
using Witan.Coordinator.Stores.Sqlite;
using Witan.Crypto;
using Witan.Tests.Harness;
using Witan.Tests.Voting;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>A coordinator that follows a record which another one of the same store appends to.</summary>
public sealed class FollowingTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-following-").FullName;
    private readonly ManualTimeProvider _clock = new(Council.Start);
    private readonly Council _council = new(workers: 72);
    private readonly List<string> _damage = [];
    private SqliteStore _store = null!;
    private Ed25519Signer _signer = null!;
    private ProposalKeeper _keeper = null!;

    public async ValueTask InitializeAsync()
    {
        _council.OpenVoting();
        _store = SqliteStore.Open(_folder, _clock);
        _signer = new Ed25519Signer(_council.CoordinatorSeed);
        await ElsewhereAsync(from: 0);
        _keeper = new ProposalKeeper(_council.State.ProposalId, Context(), _council.Events, _council.State);
    }

    public async ValueTask DisposeAsync()
    {
        await _keeper.DisposeAsync();
        await _store.DisposeAsync();
        _signer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Ballots_taken_elsewhere_are_read_when_somebody_asks()
    {
        long before = await CastElsewhereAsync(2);
        Assert.Equal((before, before + 2), (_keeper.State.Size, _keeper.KnownSize));
        await _keeper.CatchUpAsync();
        Assert.Equal((before + 2, 2), (_keeper.State.Size, _keeper.State.Ballots.Count));
        // Also before it was heard of, by whoever knows more.
        _council.Append(new BallotCast(_council.Ballot(_council.State.Ballots.Count, 0)));
        await ElsewhereAsync(before + 2);
        await _keeper.CatchUpAsync(atLeast: before + 2);
        Assert.Equal(before + 2, _keeper.State.Size);
        await _keeper.CatchUpAsync(atLeast: before + 3);
        Assert.Equal(before + 3, _keeper.State.Size);
    }

    [Fact]
    public async Task They_are_read_when_no_more_come()
    {
        long before = await CastElsewhereAsync(1);
        _keeper.NudgeIfBehind();
        _clock.Advance(TimeSpan.FromMilliseconds(299));
        _keeper.NudgeIfBehind();
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(before, _keeper.State.Size);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await ReadAsync(before + 1);
    }

    [Fact]
    public async Task They_are_read_at_once_where_they_may_be_all_that_were_missing()
    {
        long before = await CastElsewhereAsync(71);
        Assert.Equal(before, _keeper.State.Size);
        await CastElsewhereAsync(1);
        for (int i = 0; i < 200 && _keeper.State.Size == before; i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(72, _keeper.State.Ballots.Count);
    }

    [Fact]
    public async Task They_are_read_after_a_while_also_where_ever_more_come()
    {
        long before = _council.Events.Count;
        for (int i = 0; i < 70; i++)
        {
            await CastElsewhereAsync(1);
            _keeper.NudgeIfBehind();
            Assert.Equal(before, _keeper.State.Size);
            _clock.Advance(TimeSpan.FromMilliseconds(285));
        }

        await CastElsewhereAsync(1);
        _clock.Advance(TimeSpan.FromMilliseconds(285));
        await ReadAsync(before + 71);
    }

    [Fact]
    public async Task A_store_that_has_less_than_was_heard_ends_the_coordinator()
    {
        await CastElsewhereAsync(1);
        _keeper.Grew(_keeper.KnownSize + 5);
        await _keeper.CatchUpAsync();
        Assert.Contains("rolled back", Assert.Single(_damage), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreException>(() => _keeper.RunAsync((_, _) => Ruling.Nothing));
    }

    private async Task<long> CastElsewhereAsync(int ballots)
    {
        long before = _council.Events.Count;
        for (int i = 0; i < ballots; i++)
            _council.Append(new BallotCast(_council.Ballot(_council.State.Ballots.Count, i % 3)));
        await ElsewhereAsync(before);
        _keeper.Grew(before + ballots);
        return before;
    }

    private async Task ElsewhereAsync(long from) => Assert.Equal(
        AppendOutcome.Appended, await _store.AppendAsync(_council.State.ProposalId, from, _council.Events[(int)from..], null, TestContext.Current.CancellationToken));

    private async Task ReadAsync(long size)
    {
        _keeper.NudgeIfBehind();
        for (int i = 0; i < 200 && _keeper.State.Size < size; i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(size, _keeper.State.Size);
    }

    private KeeperContext Context() => new()
    {
        Store = _store,
        SigningSeed = _council.CoordinatorSeed,
        Signer = _signer,
        Cores = new SemaphoreSlim(1),
        Clock = _clock,
        Log = _ => { },
        Holder = new LeaseHolder("b", "1"),
        IsShared = true,
        Admitted = _ => [],
        Trustees = _ => [],
        RequireFresh = _ => Task.CompletedTask,
        ShowArguments = _council.Show,
        Damaged = _damage.Add,
        Appended = (_, _, _) => { },
    };
}

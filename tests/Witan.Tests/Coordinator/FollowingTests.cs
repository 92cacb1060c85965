using System.Reflection;
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
    private readonly Turns _turns = new();
    private SqliteStore _store = null!;
    private Ed25519Signer _signer = null!;
    private ProposalKeeper _keeper = null!;

    public async ValueTask InitializeAsync()
    {
        _council.OpenVoting();
        _store = SqliteStore.Open(_folder, _clock);
        _signer = new Ed25519Signer(_council.CoordinatorSeed);
        await ElsewhereAsync(from: 0);
        _keeper = new ProposalKeeper(_council.State.ProposalId, _council.KeeperContext(_turns.Over(_store), _signer, _clock, isShared: true, _damage.Add), _council.Events, _council.State);
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
        // As long as a busy machine may take to read.
        await Task.Delay(2000, TestContext.Current.CancellationToken);
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
        for (int i = 0; i < 1500 && _keeper.State.Size == before; i++)
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

    [Fact]
    public async Task What_is_heard_of_after_a_turn_has_read_is_no_rollback()
    {
        await CastElsewhereAsync(1);
        await _keeper.CatchUpAsync();
        _turns.Taken = async () =>
        {
            RecordEvent last = _council.Events[^1];
            await CastElsewhereAsync(1);
            return new ReadTurn([last]);
        };
        Entry entry = await _keeper.RunAsync((_, _) => Ruling.Nothing);
        Assert.Equal(1, _turns.Asked);
        Assert.Empty(_damage);
        Assert.Single(entry.State.Ballots);
        // Heard of before, and not in what the turn read: that is one.
        _turns.Taken = () => Task.FromResult<IRecordTurn>(new ReadTurn([_council.Events[^2]]));
        await Assert.ThrowsAsync<StoreException>(() => _keeper.RunAsync((_, _) => Ruling.Nothing));
        Assert.Single(_damage);
    }

    [Fact]
    public async Task In_a_state_in_which_few_events_decide_what_an_agent_does_the_store_is_asked_for_each_reader()
    {
        await CastElsewhereAsync(72);
        _clock.Advance(_council.Body.CloseAt - Council.Start);
        _council.Now = _council.Body.CloseAt;
        await _keeper.CatchUpAsync();
        long before = _keeper.State.Size;
        _council.Advance();
        await ElsewhereAsync(before);
        // Nothing was heard of it.
        await _keeper.CatchUpAsync();
        Assert.Equal(_council.State.Size, _keeper.State.Size);
        Assert.Equal(ProposalState.Tallying, _keeper.State.State);
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
        for (int i = 0; i < 1500 && _keeper.State.Size < size; i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(size, _keeper.State.Size);
    }

    /// <summary>Turns of the test's own over a store that has none.</summary>
    private sealed class Turns
    {
        public int Asked { get; private set; }

        public Func<Task<IRecordTurn>>? Taken { get; set; }

        public IRecordStore Over(IRecordStore store)
        {
            IRecordStore proxy = DispatchProxy.Create<IRecordStore, StoreProxy>();
            ((StoreProxy)(object)proxy).Call = (method, arguments) =>
            {
                if (method.Name != nameof(IRecordStore.TakeTurnAsync) || Taken is null)
                    return method.Invoke(store, arguments);
                Asked++;
                return Taken()!;
            };
            return proxy;
        }
    }

#pragma warning disable CA1852 // the runtime derives the proxy from it
    private class StoreProxy : DispatchProxy
#pragma warning restore CA1852
    {
        public Func<MethodInfo, object?[]?, object?> Call { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Call(targetMethod!, args);
    }

    private sealed class ReadTurn(IReadOnlyList<RecordEvent> news) : IRecordTurn
    {
        public IReadOnlyList<RecordEvent> News => news;

        public Task<AppendOutcome> AppendAsync(long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

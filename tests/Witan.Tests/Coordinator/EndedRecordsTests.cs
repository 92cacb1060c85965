using Witan.Coordinator.Records;
using Witan.Coordinator.Stores.Sqlite;
using Witan.Crypto;
using Witan.Tests.Harness;
using Witan.Tests.Voting;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>There are ever more records that have ended: of those that nobody asks for a coordinator keeps a few lines.</summary>
public sealed class EndedRecordsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-ended-").FullName;
    private readonly ManualTimeProvider _clock = new(Council.Start);
    private readonly Council _council = new(workers: 3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task One_that_nobody_asks_for_is_given_up_is_listed_and_is_replayed_for_who_asks_again()
    {
        RecordState state = _council.Decide(0, 0, 1);
        Digest id = state.ProposalId;
        await using SqliteStore store = SqliteStore.Open(_folder, _clock);
        await store.AppendAsync(id, 0, _council.Events, null, Cancel);
        await store.EndAsync(id, state.State, Cancel);
        using var signer = new Ed25519Signer(_council.CoordinatorSeed);
        await using var book = new ProposalBook(
            _council.KeeperContext(store, signer, _clock, isShared: false, problem => throw new InvalidOperationException(problem)), _council.CoordinatorKey, Shown);
        await book.ReplayAsync(_ => { }, Cancel);
        Assert.Null(book.Find(id));
        Assert.Equal(state.Head, (await book.FindAsync(id, Cancel))!.State.Head);
        using var stop = new CancellationTokenSource();
        Task running = book.RunAsync(stop.Token);
        _clock.Advance(TimeSpan.FromMinutes(9));
        await Task.Delay(50, Cancel);
        Assert.NotNull(book.Find(id));
        for (int i = 0; i < 400 && book.Sizes().Count > 0 && book.All.Any(); i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(31));
            await Task.Delay(5, Cancel);
        }

        Assert.Empty(book.All);
        Assert.Equal((state.Size, 1), (book.EndedSize(id), book.CountByState()[ProposalState.Settled]));
        Assert.Equal("Fund the library", Assert.Single(await book.ListAsync(keeper => Shown(keeper.State), 10, Cancel)).Title);
        Assert.Empty(book.All);
        Assert.Equal(state.Head, (await book.FindAsync(id, Cancel))!.State.Head);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static ProposalSummary Shown(RecordState state) => new(
        state.ProposalId, state.Body.Title, state.State, state.Size, state.Roster.Count, state.Ballots.Count, state.Partials.Count, state.Outcome?.Decision, state.Body.CloseAt, "", "");
}

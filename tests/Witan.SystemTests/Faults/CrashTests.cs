using System.Globalization;
using Witan.Faults.Processes;
using Witan.Faults.Runs;
using Witan.Faults.Servers;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Faults;

/// <summary>Short versions of <c>eng/crash-matrix.sh</c>, <c>eng/rollback.sh</c> and <c>eng/failover.sh</c>: the same code, fewer points.</summary>
[Collection(FaultTests.Name)]
public sealed class CrashTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Nothing_acknowledged_is_lost_or_doubled_wherever_somebody_is_killed(string store)
    {
        Assert.SkipUnless(WriteTrace.Missing is null, WriteTrace.Missing ?? "");
        Assert.SkipUnless(store == "sqlite" || PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        await using CrashMatrix matrix = await CrashMatrix.StartAsync(store, jobs: 1, log, Cancel);
        CrashReport report = await matrix.RunAsync(seeds: 1, stride: 12, TimeSpan.FromMinutes(20), Cancel);
        Assert.True(report is { Lost: 0, Doubled: 0, Wrong: 0 }, log.ToString());
        Assert.True(report.Kills > 1 && report.Acknowledged >= report.Kills, $"{report}: nobody was killed, or nothing was acknowledged");
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_store_that_was_rolled_back_is_refused(string store)
    {
        Assert.SkipUnless(store == "sqlite" || PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        await using Rollbacks rollbacks = await Rollbacks.StartAsync(store, log, Cancel);
        RollbackReport report = await rollbacks.RunAsync(runs: 1, seed: 1, Cancel);
        Assert.True(report is { Refused: 1, Lost: 0, Doubled: 0, Wrong: 0 }, $"{report}\n{log}");
    }

    [Fact]
    public async Task A_coordinator_that_is_killed_between_arguments_and_vote_loses_no_argument()
    {
        string folder = Directory.CreateTempSubdirectory("witan-round-").FullName;
        await using var council = new CouncilUnderTest(folder, [null]);
        await council.StartAsync(Cancel);
        ProposalBody body = CouncilUnderTest.Body(3_000) with { Rounds = 1 };
        AgentProcess slow = council.Workers[2], coordinator = council.Coordinators[0];
        await council.ProposeAsync(body, Cancel);
        // Arguments are said at a random moment some seconds later: time enough to take one worker away.
        await UntilAsync(council, body.Id(), state => state.State == ProposalState.Deliberating);
        slow.Kill();
        RecordState before = await UntilAsync(council, body.Id(), state => state.SealedArguments.Count == 2);
        coordinator.Kill();
        coordinator.Start();
        RecordState after = await UntilAsync(council, body.Id(), state => state.Size >= before.Size);
        Assert.Equal(before.SealedArguments.Keys.Order(), after.SealedArguments.Keys.Order());
        Assert.Equal(ProposalState.Deliberating, after.State);
        slow.Start();
        RecordState voting = await UntilAsync(council, body.Id(), state => state.State is not ProposalState.Deliberating);
        Assert.Equal(3, voting.Arguments.Count);
        Assert.All(before.SealedArguments.Values, argument => Assert.True(voting.SealedArguments[argument.Agent].IsSame(argument)));
        byte[]? file = await council.DecisionAsync(body.Id(), TimeSpan.FromMinutes(2), Cancel);
        AuditReport report = Audit.Run(file);
        Assert.True(report is { Valid: true, State.Outcome.Decision: Decision.Approved }, report.Problem);
        // Trustees write until they are gone.
        foreach (AgentProcess agent in council.All)
        {
            agent.Kill();
            await agent.ExitedAsync(Cancel);
        }

        Directory.Delete(folder, recursive: true);
    }

    // The record as anyone replays it; a coordinator that is down is asked again.
    private static async Task<RecordState> UntilAsync(CouncilUnderTest council, Digest proposal, Func<RecordState, bool> done)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(2))
        {
            try
            {
                RecordState? state = null;
                foreach (RecordEvent next in await council.Client(0).GetAsync($"v1/proposals/{proposal}/events", WireJson.Default.IReadOnlyListRecordEvent, Cancel) ?? [])
                    state = RecordFold.Apply(state, next, ProofChecks.All, out Refusal? refusal) ?? throw new InvalidDataException(refusal!.Message);
                if (state is not null && done(state))
                    return state;
            }
            catch (Exception e) when (e is HttpRequestException or Witan.Agent.CoordinatorException)
            {
                // Down, or just back.
            }

            await Task.Delay(50, Cancel);
        }

        throw new TimeoutException($"it did not come to that; the coordinator said: {council.Coordinators[0].Output}");
    }

    [Fact]
    public async Task A_primary_that_is_killed_takes_nothing_acknowledged_with_it()
    {
        Assert.SkipUnless(PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        await using Failovers failovers = await Failovers.StartAsync(withStandby: true, log, Cancel);
        await failovers.FailOverAsync(4, Cancel);
        FailoverReport report = failovers.Report(0);
        Assert.True(report is { Failovers: 1, Lost: 0, Doubled: 0, Wrong: 0 } && report.Acknowledged > 0, $"{report}\n{log}");
    }

    [Fact]
    public async Task Three_coordinators_of_whom_one_after_the_other_is_killed_lose_nothing()
    {
        Assert.SkipUnless(PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        await using Failovers failovers = await Failovers.StartAsync(withStandby: false, log, Cancel);
        await failovers.KillCoordinatorsAsync(2, seed: 1, Cancel);
        FailoverReport report = failovers.Report(0);
        Assert.True(report is { CoordinatorKills: 2, Lost: 0, Doubled: 0, Wrong: 0 } && report.Acknowledged > 0, $"{report}\n{log}");
    }
}

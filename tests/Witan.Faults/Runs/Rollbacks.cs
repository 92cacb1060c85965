using System.Diagnostics;
using Witan.Faults.Processes;
using Witan.Faults.Servers;
using Witan.Voting;

namespace Witan.Faults.Runs;

/// <summary>What the rollbacks found.</summary>
public sealed record RollbackReport(string Store, int Runs, int Refused, int Acknowledged, int Lost, int Doubled, int Wrong, double MaxRefusalSeconds, double Seconds);

/// <summary>
/// Puts an older snapshot of the coordinator's disk, or of its database, under it, taken in the middle of a decision whose later
/// part was acknowledged: the coordinator must notice and refuse to go on, every time. With the newest state it goes on as before.
/// </summary>
public sealed class Rollbacks : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-rollback-").FullName;
    private readonly PostgresServer? _server;
    private readonly CouncilUnderTest _council;
    private readonly TextWriter _log;

    private Rollbacks(PostgresServer? server, string? address, TextWriter log)
    {
        (_server, _log) = (server, log);
        // No decision may be over when the snapshot of its middle is taken.
        _council = new CouncilUnderTest(_folder, [address], castWindow: 2);
    }

    private AgentProcess Coordinator => _council.Coordinators[0];

    /// <summary>Starts a council on a store, "sqlite" or "postgres".</summary>
    public static async Task<Rollbacks> StartAsync(string store, TextWriter log, CancellationToken cancellationToken)
    {
        PostgresServer? server = store == "postgres" ? await PostgresServer.StartAsync() : null;
        var rollbacks = new Rollbacks(server, server is null ? null : await server.CreateDatabaseAsync(), log);
        await rollbacks._council.StartAsync(cancellationToken);
        return rollbacks;
    }

    /// <summary>Rolls back so many times.</summary>
    public async Task<RollbackReport> RunAsync(int runs, int seed, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        var dice = new Dice(seed);
        var findings = new Findings(_log);
        int refused = 0;
        double worst = 0;
        for (int i = 0; i < runs; i++)
        {
            int cost = CouncilUnderTest.Costs[i % 4];
            ProposalBody body = CouncilUnderTest.Body(cost);
            await _council.ProposeAsync(body, cancellationToken);
            await Task.Delay(dice.Next(0, 1500), cancellationToken);
            await StopAsync(cancellationToken);
            Snapshot("old");
            await StartAsync();
            byte[]? decision = await _council.DecisionAsync(body.Id(), TimeSpan.FromSeconds(60), cancellationToken);
            if (decision is null)
                await _log.WriteLineAsync(string.Join('\n', _council.All.Select(agent => $"{agent.Name} said: {agent.Output}")));
            findings.Judge($"rollback {i + 1}", body.Id(), decision, _council.Receipts(body.Id()), cost);
            await StopAsync(cancellationToken);
            Snapshot("new");

            Restore("old");
            long put = Stopwatch.GetTimestamp();
            await StartAsync();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            try
            {
                await Coordinator.ExitedAsync(limit.Token);
                bool noticed = Coordinator.ExitCode == 3 && Coordinator.Output.Contains("rolled back", StringComparison.Ordinal);
                refused += noticed ? 1 : 0;
                worst = Math.Max(worst, Stopwatch.GetElapsedTime(put).TotalSeconds);
                if (!noticed)
                    await _log.WriteLineAsync($"rollback {i + 1}: exit {Coordinator.ExitCode}: {Coordinator.Output}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                await _log.WriteLineAsync($"rollback {i + 1}: NOT NOTICED within 30 s: {Coordinator.Output}");
                Coordinator.Kill();
            }

            await StopAsync(cancellationToken);
            Restore("new");
            await StartAsync();
            if (i % 10 == 9)
                await _log.WriteLineAsync($"{i + 1} rollbacks, {refused} refused, slowest after {worst:F2} s");
        }

        return new RollbackReport(
            _server is null ? "sqlite" : "postgres", runs, refused, findings.Acknowledged, findings.Lost, findings.Doubled, findings.Wrong,
            Math.Round(worst, 2), Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _council.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Coordinator.IsRunning)
            Coordinator.Kill();
        await Coordinator.ExitedAsync(cancellationToken);
        if (_server is not null)
            await _server.StopAsync();
    }

    private async Task StartAsync()
    {
        if (_server is not null)
            await _server.LaunchAsync();
        Coordinator.Start();
    }

    private void Snapshot(string name)
    {
        if (_server is null)
            DirectoryCopy.Replace(_council.StateOf("coordinator"), Path.Combine(_folder, name));
        else
            _server.Save(name);
    }

    private void Restore(string name)
    {
        if (_server is null)
            DirectoryCopy.Replace(Path.Combine(_folder, name), _council.StateOf("coordinator"));
        else
            _server.Restore(name);
    }
}

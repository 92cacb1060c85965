using System.Collections.Concurrent;
using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Tests.Harness;
using Witan.Trustee;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>
/// A whole council in this process: the programs' own hosts, real HTTP, real stores, LOCAL_MODE. What a worker thinks is written in the
/// proposal's title, a letter for each worker: A approves, R rejects, B abstains, F fails, S stalls for ever.
/// </summary>
public abstract class RunningCouncil : IAsyncLifetime
{
    public const string Canary = "canary-reason-51c9";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-council").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly TestLog _log = new();
    private string _policy = "";
    private readonly Dictionary<string, Task<RecordState>> _early = new(StringComparer.Ordinal);

    public string Folder => _folder;

    internal RunningCoordinator Coordinator { get; private set; } = null!;

    /// <summary>How often each worker was asked to think about a proposal.</summary>
    public ConcurrentDictionary<(string Title, int Worker), int> Thoughts { get; } = new();

    /// <summary>What each worker had heard of the others when it voted.</summary>
    public ConcurrentDictionary<(string Title, int Worker), HeardArguments> Heard { get; } = new();

    public int[] WorkerPorts { get; } = [RunningCoordinator.FreePort(), RunningCoordinator.FreePort(), RunningCoordinator.FreePort()];

    public async ValueTask InitializeAsync()
    {
        _policy = TestPolicies.Few(_folder);
        Coordinator = await RunningCoordinator.StartAsync();
        for (int i = 0; i < 3; i++)
        {
            var mind = new WrittenMind(i, Thoughts, Heard);
            _running.Add(WorkerHost.RunAsync(Options($"worker-{i}"), new WorkerOptions { Port = WorkerPorts[i], CastWindow = TimeSpan.Zero }, mind, _log, TimeProvider.System, _stop.Token));
            _running.Add(TrusteeHost.RunAsync(Options($"trustee-{i}"), _log, TimeProvider.System, _stop.Token));
        }

        for (int i = 0; i < 1200; i++)
        {
            IReadOnlyList<AgentSummary> agents = await Coordinator.Client.GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, CancellationToken.None) ?? [];
            if (agents.Count(agent => agent.IsPresent) == 6)
            {
                // What has to wait for a deadline begins to wait now, all of it together.
                foreach ((string thoughts, double seconds, Func<ProposalBody, ProposalBody>? change) in Early)
                    _early[thoughts] = DecideAnewAsync(thoughts, seconds, change);
                return;
            }

            // One that has ended does not come, and says why.
            foreach (Task run in _running.Where(run => run.IsFaulted))
                await run;

            await Task.Delay(50);
        }

        throw new TimeoutException("not everybody was admitted: " + _log + Coordinator.Log);
    }

    /// <summary>Puts a proposal whose title is what the three workers think of it.</summary>
    public Task<ProposalSummary> ProposeAsync(string thoughts, double seconds = 60, Func<ProposalBody, ProposalBody>? change = null)
    {
        ProposalBody body = TestProposals.Body(thoughts, workers: 3, trustees: 3, seconds);
        return Coordinator.ProposeAsync(change?.Invoke(body) ?? body);
    }

    /// <summary>Puts a proposal, or finds the one of <see cref="Early"/>; waits for its end, and gives the state that an audit of the published file finds.</summary>
    public Task<RecordState> DecideAsync(string thoughts, Func<ProposalBody, ProposalBody>? change = null) =>
        _early.TryGetValue(thoughts, out Task<RecordState>? begun) ? begun : DecideAnewAsync(thoughts, 60, change);

    /// <summary>Proposals that end at their deadline, put as soon as the council stands.</summary>
    protected virtual IEnumerable<(string Thoughts, double Seconds, Func<ProposalBody, ProposalBody>? Change)> Early => [];

    public async Task<RecordState> EndAsync(Digest proposal)
    {
        await Coordinator.UntilAsync(proposal, now => now.State is ProposalState.Settled or ProposalState.NoQuorum or ProposalState.Expired or ProposalState.Failed, 150);
        byte[] file = await Coordinator.Client.GetBytesAsync($"v1/proposals/{proposal}/decision", CancellationToken.None);
        AuditReport report = Audit.Run(file);
        Assert.True(report.Valid, report.Problem);
        return report.State!;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Coordinator.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private async Task<RecordState> DecideAnewAsync(string thoughts, double seconds, Func<ProposalBody, ProposalBody>? change) =>
        await EndAsync((await ProposeAsync(thoughts, seconds, change)).Id);

    private AgentOptions Options(string name) => new()
    {
        Name = name,
        Coordinator = Coordinator.Http.BaseAddress!,
        State = Path.Combine(_folder, name),
        LocalMode = "true",
        Policy = _policy,
    };

    private sealed class WrittenMind(int worker, ConcurrentDictionary<(string Title, int Worker), int> thoughts, ConcurrentDictionary<(string Title, int Worker), HeardArguments> heardBy) : IDeliberator
    {
        public string Description => "written in the title";

        public async Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken)
        {
            thoughts.AddOrUpdate((proposal.Title, worker), 1, (_, before) => before + 1);
            if (proposal.Rounds > 0 && heard is null)
                return new Opinion(proposal.AbstainOption, Canary) { Argument = $"worker-{worker} thinks of the roof" };
            if (heard is not null)
                heardBy[(proposal.Title, worker)] = heard;
            switch (proposal.Title[worker])
            {
                case 'A':
                    return new Opinion(0, Canary);
                case 'R':
                    return new Opinion(1, Canary);
                case 'B':
                    return new Opinion(2, Canary);
                case 'S':
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                    break;
            }

            throw new InvalidDataException("this worker fails");
        }
    }
}

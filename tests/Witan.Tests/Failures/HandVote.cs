using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Trustee;
using Witan.Voting;

namespace Witan.Tests.Failures;

/// <summary>A proposal that takes ballots, at a real coordinator with one real trustee; its workers do what the test makes them do.</summary>
internal sealed class HandVote : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-hand").FullName;
    private readonly List<Task> _running = [];

    private HandVote(RunningCoordinator coordinator) => Coordinator = coordinator;

    public RunningCoordinator Coordinator { get; private set; }

    public List<TestAgent> Workers { get; } = [];

    public Digest Id { get; private set; }

    public RecordState State { get; private set; } = null!;

    public static async Task<HandVote> OpenAsync(int workers, double seconds = 60, Func<ProposalBody, ProposalBody>? change = null, string[]? callbacks = null)
    {
        var vote = new HandVote(await RunningCoordinator.StartAsync());
        var options = new AgentOptions
        {
            Name = "trustee",
            Coordinator = vote.Coordinator.Http.BaseAddress!,
            State = Path.Combine(vote._folder, "trustee"),
            LocalMode = "true",
            Policy = TestPolicies.Few(vote._folder),
        };
        vote._running.Add(TrusteeHost.RunAsync(options, TextWriter.Null, TimeProvider.System, vote._stop.Token));
        for (int i = 0; i < workers; i++)
        {
            var worker = new TestAgent(vote.Coordinator);
            await worker.AdmitAsync(AgentRole.Worker, callbacks?[i] ?? "");
            vote.Workers.Add(worker);
            vote._running.Add(worker.AttendAsync(AgentRole.Worker, vote._stop.Token));
        }

        ProposalBody body = TestProposals.Body("by hand", workers, trustees: 1, seconds);
        vote.Id = await vote.OpenAsync(change?.Invoke(body) ?? body);
        vote.State = await vote.Workers[0].ReplayAsync(vote.Id);
        return vote;
    }

    /// <summary>Opens one more proposal for the same voters.</summary>
    public Task<Digest> OpenAnotherAsync() => OpenAsync(TestProposals.Body("another", Workers.Count, trustees: 1));

    /// <summary>From now on neither the trustee nor a worker asks the coordinator for anything.</summary>
    public async Task LeaveAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Stops the coordinator and starts it again on the same state and port.</summary>
    public async Task RestartAsync()
    {
        await Coordinator.StopAsync();
        RunningCoordinator old = Coordinator;
        Coordinator = await RunningCoordinator.StartAsync(old.Options.State, options => options with { Port = old.Options.Port });
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        string state = Coordinator.Options.State;
        await Coordinator.DisposeAsync();
        Workers.ForEach(worker => worker.Dispose());
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
        if (Directory.Exists(state))
            Directory.Delete(state, recursive: true);
    }

    private async Task<Digest> OpenAsync(ProposalBody body)
    {
        Digest id = (await Coordinator.ProposeAsync(body)).Id;
        await Coordinator.UntilAsync(id, now => now.State is ProposalState.Voting or ProposalState.Deliberating);
        return id;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Faults.Processes;

/// <summary>
/// A council of real processes in LOCAL_MODE: coordinators, three workers, three trustees of whom two open the sum. How it must
/// decide is known without it: each worker approves what costs less than its own limit.
/// </summary>
public sealed class CouncilUnderTest : IAsyncDisposable
{
    private static readonly int[] s_limits = [1_000, 10_000, 100_000];
    private readonly string _folder;
    private readonly byte[] _requester;
    private readonly HttpClient[] _http;

    /// <summary>
    /// Prepares a council. <paramref name="stores"/> has one entry for each coordinator: a store's address, or null for a file.
    /// <paramref name="wrapper"/> gives what stands before the command of an agent, by its name. Ballots are cast at once: waiting for a random
    /// moment would hide how long everything else takes; a <paramref name="castWindow"/>, in seconds, makes a decision long.
    /// </summary>
    public CouncilUnderTest(string folder, IReadOnlyList<string?> stores, Func<string, Func<AgentProcess, IReadOnlyList<string>>?>? wrapper = null, int castWindow = 0)
    {
        _folder = folder;
        _requester = RandomNumberGenerator.GetBytes(32);
        int[] ports = [.. stores.Select(_ => FreePorts.Next())];
        _http = [.. ports.Select(Connect)];
        string[] addresses = [.. ports.SelectMany(port => new[] { "--coordinator", $"http://127.0.0.1:{port}" })];
        Coordinators = [.. stores.Select((store, i) => Agent(Name("coordinator", i), [
            // Coordinators of one store speak with one key, which in LOCAL_MODE lies in their state directory.
            "coordinator", "--state", StateOf("coordinator"), "--port", $"{ports[i]}", "--requester", Convert.ToHexStringLower(Ed25519.PublicKey(_requester)),
            .. store is null ? Array.Empty<string>() : ["--store", store]]))];
        Workers = [.. s_limits.Select((limit, i) => Agent(Name("worker", i), [
            "worker", "--name", Name("worker", i), "--state", StateOf(Name("worker", i)), "--port", $"{FreePorts.Next()}", "--cast-window", $"{castWindow}", "--profile", Profile(i, limit), .. Turned(addresses, i)]))];
        Trustees = [.. s_limits.Select((_, i) => Agent(Name("trustee", i), [
            "trustee", "--name", Name("trustee", i), "--state", StateOf(Name("trustee", i)), .. Turned(addresses, i)]))];
        AgentProcess Agent(string name, IReadOnlyList<string> arguments) => AgentProcess.Local(name, arguments, wrapper?.Invoke(name));
    }

    /// <summary>
    /// A council of one coordinator, three workers and three trustees that <paramref name="agent"/> makes, by their names:
    /// <c>coordinator-1</c>, <c>worker-1</c>… Each keeps its state in <see cref="StateOf"/>.
    /// </summary>
    public CouncilUnderTest(string folder, byte[] requester, int port, Func<string, AgentProcess> agent)
    {
        (_folder, _requester, _http) = (folder, requester, [Connect(port)]);
        Coordinators = [agent(Name("coordinator", 0))];
        Workers = [.. s_limits.Select((_, i) => agent(Name("worker", i)))];
        Trustees = [.. s_limits.Select((_, i) => agent(Name("trustee", i)))];
    }

    /// <summary>The coordinators.</summary>
    public IReadOnlyList<AgentProcess> Coordinators { get; }

    /// <summary>The workers.</summary>
    public IReadOnlyList<AgentProcess> Workers { get; }

    /// <summary>The trustees.</summary>
    public IReadOnlyList<AgentProcess> Trustees { get; }

    /// <summary>Everybody.</summary>
    public IEnumerable<AgentProcess> All => [.. Coordinators, .. Workers, .. Trustees];

    /// <summary>Costs of which each makes another number of workers approve: 3, 2, 1, 0.</summary>
    public static IReadOnlyList<int> Costs { get; } = [300, 3_000, 30_000, 300_000];

    /// <summary>How many must approve what costs so much, by the profiles alone.</summary>
    public static int Approvals(int cost) => s_limits.Count(limit => cost < limit);

    /// <summary>The profile of a worker by its name, as one line of JSON.</summary>
    public static string ProfileOf(string worker) => ProfileOf(s_limits[(worker[^1] - '1') % s_limits.Length]);

    /// <summary>The state directory of an agent.</summary>
    public string StateOf(string name) => Path.Combine(_folder, name);

    /// <summary>Speaks to a coordinator.</summary>
    public CoordinatorClient Client(int coordinator) => new(_http[coordinator], null, TimeProvider.System);

    /// <summary>The plain connection to a coordinator.</summary>
    public HttpClient Http(int coordinator) => _http[coordinator];

    /// <summary>Starts everybody and waits until all are admitted.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (AgentProcess coordinator in Coordinators)
        {
            coordinator.Start();
            // The first makes the key that the others use.
            await UntilAsync(() => coordinator.Output.Contains("listens on", StringComparison.Ordinal), $"{coordinator.Name} listens", coordinator, cancellationToken);
        }

        foreach (AgentProcess agent in Workers.Concat(Trustees))
            agent.Start();
        foreach (AgentProcess agent in Workers.Concat(Trustees))
            await AdmittedAsync(agent, cancellationToken);
    }

    /// <summary>Waits until an agent that was started says that it is admitted.</summary>
    public static Task AdmittedAsync(AgentProcess agent, CancellationToken cancellationToken) =>
        UntilAsync(() => agent.Output.Contains("admitted as", StringComparison.Ordinal), $"{agent.Name} is admitted", agent, cancellationToken);

    /// <summary>A new proposal that costs so much.</summary>
    public static ProposalBody Body(int cost)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return new ProposalBody
        {
            Title = $"Spend {cost}",
            Text = "A question of money.",
            Facts = [new ProposalFact("amount", cost.ToString(CultureInfo.InvariantCulture))],
            Options = ["Approve", "Reject", "Abstain"],
            MinimumTurnout = 2,
            MinimumAnonymity = 2,
            PassNumerator = 1,
            PassDenominator = 2,
            MinimumRoster = 3,
            Trustees = 3,
            Threshold = 2,
            CreatedAt = now,
            OpenBy = now.AddMinutes(30),
            CloseAt = now.AddMinutes(60),
            SettleBy = now.AddMinutes(90),
            Nonce = new Digest(RandomNumberGenerator.GetBytes(32)),
        };
    }

    /// <summary>Puts a proposal before the council, again and again until a coordinator has taken it: the same words are the same proposal.</summary>
    public async Task ProposeAsync(ProposalBody body, CancellationToken cancellationToken)
    {
        var request = new ProposeRequest(body, new Digest(Ed25519.PublicKey(_requester)), Ed25519.Sign(_requester, body.Id().Bytes));
        for (int i = 0; ; i++)
        {
            try
            {
                await Client(i % Coordinators.Count).PostAsync("v1/proposals", request, WireJson.Default.ProposeRequest, WireJson.Default.ProposalSummary, cancellationToken);
                return;
            }
            catch (Exception e) when (IsAway(e, cancellationToken))
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    /// <summary>Orders one coordinator to trust an agent no more, and returns when it has said that this is done.</summary>
    public Task RevokeAsync(int coordinator, AgentKeys agent, CancellationToken cancellationToken) => Client(coordinator).PostAsync(
        "v1/revocations", Revocation.Create(RevocationKind.Agent, agent.Did(), "test", TimeProvider.System.GetUtcNow(), _requester),
        WireJson.Default.Revocation, WireJson.Default.IReadOnlyListRevocation, cancellationToken);

    /// <summary>What a coordinator says of a proposal; null while it cannot.</summary>
    public async Task<ProposalSummary?> LookAsync(int coordinator, Digest proposal, CancellationToken cancellationToken)
    {
        try
        {
            return await Client(coordinator).GetAsync($"v1/proposals/{proposal}", WireJson.Default.ProposalSummary, cancellationToken);
        }
        catch (Exception e) when (IsAway(e, cancellationToken))
        {
            return null;
        }
    }

    /// <summary>Waits for the decision and gives its file; null where there is none in time.</summary>
    public async Task<byte[]?> DecisionAsync(Digest proposal, TimeSpan most, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; Stopwatch.GetElapsedTime(start) < most; i++)
        {
            int coordinator = i % Coordinators.Count;
            if (await LookAsync(coordinator, proposal, cancellationToken) is { State: ProposalState.Settled or ProposalState.NoQuorum or ProposalState.Expired or ProposalState.Failed or ProposalState.Cancelled })
            {
                try
                {
                    return await Client(coordinator).GetBytesAsync($"v1/proposals/{proposal}/decision", cancellationToken);
                }
                catch (Exception e) when (IsAway(e, cancellationToken))
                {
                    // It went down between the two questions.
                }
            }

            await Task.Delay(50, cancellationToken);
        }

        return null;
    }

    /// <summary>The receipts that workers hold for a proposal: what was acknowledged.</summary>
    public IReadOnlyList<Receipt> Receipts(Digest proposal) =>
    [
        .. Workers.Select(worker => Path.Combine(StateOf(worker.Name), "ballots", $"{proposal}.answer.json")).Where(File.Exists)
            .Select(file => JsonSerializer.Deserialize(File.ReadAllBytes(file), WireJson.Default.CastAnswer)?.Receipt).OfType<Receipt>(),
    ];

    /// <summary>Waits until a trustee keeps the coordinator's word on how a proposal ended: before, its last event is acknowledged to nobody.</summary>
    public async Task EndIsSeenAsync(Digest proposal, CancellationToken cancellationToken)
    {
        long size = (await LookAsync(0, proposal, cancellationToken))?.Size ?? throw new InvalidOperationException("the coordinator is away");
        await UntilAsync(() => Trustees.Any(trustee => Seen(trustee, proposal) >= size), "a trustee has seen the end", Coordinators[0], cancellationToken);
    }

    /// <summary>Waits for something; throws with what the process said where it takes more than a minute.</summary>
    public static async Task UntilAsync(Func<bool> done, string what, AgentProcess process, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (!done())
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
                throw new TimeoutException($"waited in vain until {what}; it said: {process.Output}");
            await Task.Delay(20, cancellationToken);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        foreach (AgentProcess agent in All)
            agent.Dispose();
        foreach (HttpClient http in _http)
            http.Dispose();
        return ValueTask.CompletedTask;
    }

    private long Seen(AgentProcess agent, Digest proposal)
    {
        string file = Path.Combine(StateOf(agent.Name), "checkpoints.json");
        return File.Exists(file) && JsonSerializer.Deserialize(File.ReadAllBytes(file), WireJson.Default.CheckpointPage) is { } page
            ? page.Checkpoints.Where(seen => seen.Proposal == proposal).Select(seen => seen.Size).DefaultIfEmpty().Max()
            : 0;
    }

    private static bool IsAway(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or TaskCanceledException or CoordinatorException { Code: "STORAGE" or "ENDING" or "RECOVERING" } && !cancellationToken.IsCancellationRequested;

    private static string Name(string role, int index) => $"{role}-{index + 1}";

    // Each agent begins with another coordinator.
    private static string[] Turned(string[] addresses, int by)
    {
        int at = by * 2 % addresses.Length;
        return [.. addresses[at..], .. addresses[..at]];
    }

    private static HttpClient Connect(int port) => new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(10) };

    private string Profile(int index, int limit)
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "profiles")).FullName, $"{index}.json");
        File.WriteAllText(path, ProfileOf(limit));
        return path;
    }

    private static string ProfileOf(int limit) => $$"""
        {"schema":"witan.profile/1","name":"limit {{limit}}","values":"v","redLines":[],"criteria":[{"fact":"amount","prefer":"low","weight":1,"pivot":{{limit}},"because":"b"}]}
        """;
}

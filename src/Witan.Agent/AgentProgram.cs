using Witan.Dstack;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>How a worker or trustee runs.</summary>
public sealed record AgentOptions
{
    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>The coordinator's address.</summary>
    public required Uri Coordinator { get; init; }

    /// <summary>PEM file with the roots to trust for TLS with the coordinator; null trusts the system's.</summary>
    public string? CoordinatorAuthority { get; init; }

    /// <summary>More coordinators of the same store, asked where the one before does not answer.</summary>
    public IReadOnlyList<Uri> OtherCoordinators { get; init; } = [];

    /// <summary>Directory for what must survive a restart.</summary>
    public required string State { get; init; }

    /// <summary>Value of LOCAL_MODE; exactly <c>true</c> turns it on.</summary>
    public string? LocalMode { get; init; }

    /// <summary>The guest agent's socket; null looks at the usual places.</summary>
    public string? Socket { get; init; }

    /// <summary>PEM file of a development root; null trusts Intel.</summary>
    public string? DevelopmentRoot { get; init; }

    /// <summary>Collateral for the coordinator's platform, a file or its JSON; needed outside LOCAL_MODE.</summary>
    public string? Collateral { get; init; }

    /// <summary>Policy by which coordinator and trustees are judged: phala, phala-docs, strict, a file (witan.council-policy/1), or its JSON.</summary>
    /// <value>The default value is phala.</value>
    public string Policy { get; init; } = "phala";

    /// <summary>Where a setting came from, those of the role too (<see cref="SettingOrigins"/>). Printed at start.</summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>What a worker and a trustee do alike: identity, connection, admission that is renewed, patience.</summary>
public sealed class AgentProgram : IDisposable
{
    private static readonly TimeSpan ShowAgain = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;
    private readonly HttpClient[] _each;
    private readonly DstackClient? _dstack;
    private readonly LogLines _log;
    private readonly TimeProvider _clock;
    private readonly Admission _admission;
    private readonly EvidenceJudge? _judge;
    private readonly string? _warning;
    private DateTimeOffset _renewAt = DateTimeOffset.MinValue;

    // When the coordinator was shown what this agent saw last; null where that is due.
    private long? _shownAt;

    private AgentProgram(AgentOptions options, AgentRole role, ExecutionSettings execution, DstackClient? dstack, AgentSecrets secrets, LogLines log, TimeProvider clock)
    {
        Options = options;
        Checkpoints = new CheckpointBook(options.State);
        Mode = execution.Mode;
        Secrets = secrets;
        (_dstack, _log, _clock) = (dstack, log, clock);
        _http = CoordinatorHttp.Create([options.Coordinator, .. options.OtherCoordinators], options.CoordinatorAuthority, TimeSpan.FromSeconds(60));
        Client = new CoordinatorClient(_http, secrets, clock);
        Uri[] all = [options.Coordinator, .. options.OtherCoordinators];
        _each = all.Length == 1 ? [] : [.. all.Select(one => CoordinatorHttp.Create(one, options.CoordinatorAuthority, TimeSpan.FromSeconds(3)))];
        CouncilPolicy? policy = dstack is null ? null : PolicySettings.Read(options.Policy);
        EvidenceJudge? judge = policy is null ? null : JudgeSettings.Create(options.Collateral, options.DevelopmentRoot, policy, clock);
        _warning = policy is null || Mode != ExecutionMode.Production ? null : UnpinnedPrograms.Warning(policy, role);
        (_judge, Attester) = (judge, new Attester(dstack));
        _admission = new Admission(Client, secrets, Attester, judge);
    }

    /// <summary>How it runs.</summary>
    public AgentOptions Options { get; }

    /// <summary>What stands behind it.</summary>
    public ExecutionMode Mode { get; }

    /// <summary>Its secrets.</summary>
    public AgentSecrets Secrets { get; }

    /// <summary>The coordinator.</summary>
    public CoordinatorClient Client { get; }

    /// <summary>Makes this agent's evidence.</summary>
    public Attester Attester { get; }

    /// <summary>What the coordinator signed so far.</summary>
    public CheckpointBook Checkpoints { get; }

    /// <summary>The coordinator's signing key, once admitted.</summary>
    public Digest Coordinator => _admission.Coordinator;

    /// <summary>The coordinator's attested keys. Throws before it was admitted.</summary>
    public AgentKeys CoordinatorKeys => _admission.CoordinatorKeys ?? throw new InvalidOperationException("not admitted yet");

    /// <summary>Starts: settings, guest agent, keys. Throws where a guard refuses or the guest agent does not answer.</summary>
    public static async Task<AgentProgram> StartAsync(AgentOptions options, AgentRole role, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        ExecutionSettings execution = ExecutionSettings.Resolve(
            options.LocalMode, options.DevelopmentRoot is not null, options.Socket, "127.0.0.1", "local-record");
        DstackClient? dstack = execution.Socket is null ? null : new DstackClient(execution.Socket);
        AgentSecrets secrets = dstack is null
            ? AgentSecrets.FromDirectory(options.State)
            : await AgentSecrets.FromDstackAsync(dstack, role, shared: false, cancellationToken);
        Directory.CreateDirectory(options.State);
        var lines = LogLines.Of(log, role.ToString().ToLowerInvariant(), clock);
        if (execution.Mode.Warning() is { } warning)
            lines.WriteLine(warning);
        return new AgentProgram(options, role, execution, dstack, secrets, lines, clock);
    }

    /// <summary>
    /// Runs <paramref name="step"/> again and again while admitted; attests again at a third of the admission's life. Where a coordinator does
    /// not answer the next is asked at once; where none does they are waited for, with growing pauses.
    /// </summary>
    public async Task RunAsync(AgentRole role, string callback, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        int failures = 0;
        // Started, and not yet admitted: a coordinator that comes later must not count as a failed start.
        ServiceNotifier.Ready($"waiting for {Options.Coordinator}");
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_clock.GetUtcNow() >= _renewAt)
                {
                    AdmissionAnswer answer = await _admission.RunAsync(role, Options.Name, callback, cancellationToken);
                    DateTimeOffset now = _clock.GetUtcNow();
                    _renewAt = now + ((answer.ExpiresAt - now) / 3);
                    ServiceNotifier.Status($"admitted as {answer.Agent.Short()}");
                    await LogAsync($"admitted as {answer.Agent.Short()} ({(answer.Mark.Length > 0 ? answer.Mark : $"confidence level {answer.ConfidenceLevel}")})");
                }

                // A record that its opener left behind unseen is held by the others until enough trustees have shown what they know.
                if (_shownAt is not { } shown || (role == AgentRole.Trustee && _clock.GetElapsedTime(shown) >= ShowAgain))
                {
                    await Client.PostAsync("v1/checkpoints", Checkpoints.Page(), WireJson.Default.CheckpointPage, cancellationToken);
                    _shownAt = _clock.GetTimestamp();
                    _ = ShowEachAsync(cancellationToken);
                }

                await step(cancellationToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (CoordinatorException e) when (e.Code == "NOT_ADMITTED")
            {
                (_renewAt, _shownAt) = (DateTimeOffset.MinValue, null);
            }
            catch (CoordinatorException e) when (e.Code is "REVOKED" or "EVIDENCE_REJECTED" or "OTHER_ROLE")
            {
                throw new SettingException($"the coordinator does not admit this agent: {e.Message}");
            }
            catch (Exception e) when (e is HttpRequestException or CoordinatorException or DstackException or TaskCanceledException or InvalidDataException)
            {
                failures++;
                // A coordinator that was away may be another one than before: it is asked what it remembers.
                _shownAt = null;
                if (failures is 1 or 10 || failures % 100 == 0)
                    await LogAsync(e.Message);
                int coordinators = Math.Max(1, _each.Length);
                if (failures % coordinators == 0)
                    await PauseAsync(failures / coordinators, cancellationToken);
            }
        }
    }

    /// <summary>Whether fresh evidence of the coordinator is accepted now. In LOCAL_MODE there is none, and it is.</summary>
    public async Task<bool> IsCoordinatorTrustedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _admission.JudgeCoordinatorAsync(cancellationToken) == _admission.CoordinatorKeys;
        }
        catch (Exception e) when (e is SettingException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>One sentence on the first of these trustees whose evidence in a record is not accepted; null where all are, and in LOCAL_MODE, where there is none.</summary>
    public string? Distrusted(RecordState state, IEnumerable<int> trustees) =>
        _judge is null ? null : TrusteeEvidence.FirstNotAccepted(_judge, state, trustees)?.Message;

    /// <summary>A key of the app: the same on every host that runs it. The caller zeroes it.</summary>
    public Task<byte[]> AppKeyAsync(string path, CancellationToken cancellationToken) => AppKey.DeriveAsync(_dstack, Secrets, path, cancellationToken);

    /// <summary>Takes note of the coordinator's word on how far a record is. Throws <see cref="InvalidDataException"/> where it is not its word.</summary>
    public void Note(Checkpoint checkpoint)
    {
        if (!checkpoint.IsSignedBy(Coordinator))
            throw new InvalidDataException("a checkpoint is not signed by the coordinator");
        Checkpoints.Note(checkpoint);
    }

    /// <summary>Writes a line for people. Never a vote, a reason or a secret.</summary>
    public Task LogAsync(string line)
    {
        _log.WriteLine($"{Options.Name}: {line}");
        return Task.CompletedTask;
    }

    /// <summary>Writes the settings in force, and in production what they leave open.</summary>
    public async Task LogSettingsAsync(IEnumerable<(string Name, string? Value)> more, IEnumerable<(string Variable, bool IsSecret)> variables)
    {
        foreach (string line in AgentSettings.Of(Options, more, variables, Environment.GetEnvironmentVariable))
            await LogAsync(line);
        if (_warning is not null)
            await LogAsync(_warning);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        foreach (HttpClient http in _each)
            http.Dispose();
        _dstack?.Dispose();
        Secrets.Dispose();
    }

    // After all coordinators were down, each needs the word of enough agents; were it told to one alone, each could wait for ever for what
    // was said to the others. Whoever is not there is told by those who come to it.
    private Task ShowEachAsync(CancellationToken cancellationToken) => Task.WhenAll(_each.Select(async http =>
    {
        try
        {
            await new CoordinatorClient(http, Secrets, _clock).PostAsync("v1/checkpoints", Checkpoints.Page(), WireJson.Default.CheckpointPage, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or CoordinatorException or OperationCanceledException or ObjectDisposedException)
        {
            // It is down, or does not know this agent yet.
        }
    }));

    private async Task PauseAsync(int failures, CancellationToken cancellationToken)
    {
        try
        {
            double seconds = Math.Min(1, 0.1 * Math.Pow(1.6, Math.Min(failures, 12)));
            // With jitter, so that those who waited together do not come together.
            int milliseconds = (int)(seconds * 500) + System.Security.Cryptography.RandomNumberGenerator.GetInt32((int)(seconds * 500) + 1);
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), _clock, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }
}

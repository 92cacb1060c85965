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

    /// <summary>Directory for what must survive a restart.</summary>
    public required string State { get; init; }

    /// <summary>Value of LOCAL_MODE; exactly <c>true</c> turns it on.</summary>
    public string? LocalMode { get; init; }

    /// <summary>The guest agent's socket; null looks at the usual places.</summary>
    public string? Socket { get; init; }

    /// <summary>PEM file of a development root; null trusts Intel.</summary>
    public string? DevelopmentRoot { get; init; }

    /// <summary>Collateral file for the coordinator's platform; needed outside LOCAL_MODE.</summary>
    public string? Collateral { get; init; }

    /// <summary>Policy by which the coordinator is judged.</summary>
    /// <value>The default value is phala.</value>
    public string Policy { get; init; } = "phala";
}

/// <summary>What a worker and a trustee do alike: identity, connection, admission that is renewed, patience.</summary>
public sealed class AgentProgram : IDisposable
{
    private readonly HttpClient _http;
    private readonly DstackClient? _dstack;
    private readonly TextWriter _log;
    private readonly TimeProvider _clock;
    private readonly Admission _admission;
    private DateTimeOffset _renewAt = DateTimeOffset.MinValue;
    private bool _shown;

    private AgentProgram(AgentOptions options, ExecutionSettings execution, DstackClient? dstack, AgentSecrets secrets, TextWriter log, TimeProvider clock)
    {
        Options = options;
        Checkpoints = new CheckpointBook(options.State);
        Mode = execution.Mode;
        Secrets = secrets;
        (_dstack, _log, _clock) = (dstack, log, clock);
        _http = new HttpClient { BaseAddress = options.Coordinator, Timeout = TimeSpan.FromSeconds(60) };
        Client = new CoordinatorClient(_http, secrets, clock);
        EvidenceJudge? judge = dstack is null ? null : JudgeSettings.Create(options.Collateral, options.DevelopmentRoot, options.Policy, 5, clock);
        _admission = new Admission(Client, secrets, dstack, judge);
    }

    /// <summary>How it runs.</summary>
    public AgentOptions Options { get; }

    /// <summary>What stands behind it.</summary>
    public ExecutionMode Mode { get; }

    /// <summary>Its secrets.</summary>
    public AgentSecrets Secrets { get; }

    /// <summary>The coordinator.</summary>
    public CoordinatorClient Client { get; }

    /// <summary>What the coordinator signed so far.</summary>
    public CheckpointBook Checkpoints { get; }

    /// <summary>The coordinator's signing key, once admitted.</summary>
    public Digest Coordinator => _admission.Coordinator;

    /// <summary>Starts: settings, guest agent, keys. Throws where a guard refuses or the guest agent does not answer.</summary>
    public static async Task<AgentProgram> StartAsync(AgentOptions options, AgentRole role, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        ExecutionSettings execution = ExecutionSettings.Resolve(
            options.LocalMode, options.DevelopmentRoot is not null, options.Socket, "127.0.0.1", "local-record");
        DstackClient? dstack = execution.Socket is null ? null : new DstackClient(execution.Socket);
        AgentSecrets secrets = dstack is null
            ? AgentSecrets.FromDirectory(options.State)
            : await AgentSecrets.FromDstackAsync(dstack, role, cancellationToken);
        Directory.CreateDirectory(options.State);
        if (execution.Mode == ExecutionMode.Local)
            await log.WriteLineAsync(ExecutionSettings.LocalWarning);
        return new AgentProgram(options, execution, dstack, secrets, log, clock);
    }

    /// <summary>
    /// Runs <paramref name="step"/> again and again while admitted; attests again at a third of the admission's life. A coordinator that
    /// is not there yet is waited for, with growing pauses.
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

                if (!_shown)
                {
                    await Client.PostAsync("v1/checkpoints", Checkpoints.Page(), WireJson.Default.CheckpointPage, cancellationToken);
                    _shown = true;
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
                (_renewAt, _shown) = (DateTimeOffset.MinValue, false);
            }
            catch (CoordinatorException e) when (e.Code is "REVOKED" or "EVIDENCE_REJECTED" or "OTHER_ROLE")
            {
                throw new SettingException($"the coordinator does not admit this agent: {e.Message}");
            }
            catch (Exception e) when (e is HttpRequestException or CoordinatorException or DstackException or TaskCanceledException or InvalidDataException)
            {
                failures++;
                // A coordinator that was away may be another one than before: it is asked what it remembers.
                _shown = false;
                if (failures is 1 or 10 || failures % 100 == 0)
                    await LogAsync(e.Message);
                await PauseAsync(failures, cancellationToken);
            }
        }
    }

    /// <summary>Whether fresh evidence of the coordinator is accepted now. In LOCAL_MODE there is none, and it is.</summary>
    public async Task<bool> IsCoordinatorTrustedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _admission.JudgeCoordinatorAsync(cancellationToken) == Coordinator;
        }
        catch (SettingException)
        {
            return false;
        }
    }

    /// <summary>Takes note of the coordinator's word on how far a record is. Throws <see cref="InvalidDataException"/> where it is not its word.</summary>
    public void Note(Checkpoint checkpoint)
    {
        if (!checkpoint.IsSignedBy(Coordinator))
            throw new InvalidDataException("a checkpoint is not signed by the coordinator");
        Checkpoints.Note(checkpoint);
    }

    /// <summary>Writes a line for people. Never a vote, a reason or a secret.</summary>
    public async Task LogAsync(string line)
    {
        await _log.WriteLineAsync($"{Options.Name}: {line}");
        await _log.FlushAsync(CancellationToken.None);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        _dstack?.Dispose();
        Secrets.Dispose();
    }

    private async Task PauseAsync(int failures, CancellationToken cancellationToken)
    {
        try
        {
            double seconds = Math.Min(2, 0.1 * Math.Pow(1.6, Math.Min(failures, 12)));
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

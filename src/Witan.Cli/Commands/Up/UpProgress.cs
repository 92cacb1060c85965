using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Up;

/// <summary>Shows how far a council is, on stderr: rewritten on a terminal, a line for each change elsewhere.</summary>
internal sealed class UpProgress(Terminal terminal, UpSettings settings, LocalCouncil council)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly CoordinatorClient _client = new(council.Http, null, TimeProvider.System);
    private readonly long _start = Environment.TickCount64;
    private string _shown = "";

    public async Task WaitForAdmissionsAsync(CancellationToken cancellationToken)
    {
        ExecutionMode mode = settings.Simulated ? ExecutionMode.Simulated : ExecutionMode.Local;
        await terminal.Error.WriteLineAsync(terminal.Doubt(mode.Warning()!));
        int wanted = settings.Workers + settings.Trustees;
        while (true)
        {
            // Ctrl-C reaches the children too: what they do then is no reason.
            cancellationToken.ThrowIfCancellationRequested();
            RequireChildren(all: true);
            IReadOnlyList<AgentSummary> agents = await TryAsync(() => _client.GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, cancellationToken)) ?? [];
            int workers = agents.Count(agent => agent is { Role: AgentRole.Worker, IsPresent: true }), trustees = agents.Count(agent => agent is { Role: AgentRole.Trustee, IsPresent: true });
            Show($"admitted {workers} of {settings.Workers} workers, {trustees} of {settings.Trustees} trustees{Mark}");
            if (workers + trustees >= wanted)
                break;
            if (Environment.TickCount64 - _start > 90_000)
                throw new CommandException("not everybody was admitted within 90 s", $"see the logs in {settings.Out}", ExitCode.Undecided);
            await Task.Delay(Pause, cancellationToken);
        }

        End();
    }

    public async Task WaitForDecisionAsync(Digest proposal, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RequireChildren(all: false);
            if (await TryAsync(() => _client.GetAsync($"v1/proposals/{proposal}", WireJson.Default.ProposalSummary, cancellationToken)) is { } now)
            {
                Show(now.State switch
                {
                    ProposalState.Draft => "trustees make the key together",
                    ProposalState.Open => "the roster is frozen",
                    ProposalState.Deliberating => $"arguing: waits {now.Waiting}",
                    ProposalState.Voting => $"deliberating: {now.Ballots} of {now.Roster} ballots cast",
                    ProposalState.Tallying => $"tallying: {now.Partials} trustees have opened the sum",
                    _ => $"{now.State}",
                });
                if (now.State is ProposalState.Settled or ProposalState.NoQuorum or ProposalState.Cancelled or ProposalState.Expired or ProposalState.Failed)
                    break;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        End();
    }

    public async Task WatchChildrenAsync(CancellationToken cancellationToken)
    {
        var gone = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            foreach (ChildProcess child in council.Children.Where(child => child.HasExited && gone.Add(child.Name)))
                await terminal.Error.WriteLineAsync($"{child.Name} has ended; see its log in {settings.Out}");
        }
    }

    private string Mark => settings.Simulated ? " (simulated)" : " (local: no execution integrity)";

    // Until all are admitted every process is needed; later a worker or trustee may be lost, and the rules say what follows.
    private void RequireChildren(bool all)
    {
        if (council.Children.FirstOrDefault(child => child.HasExited && (all || child.Name is "coordinator" or "simulator")) is not { } dead)
            return;
        string folder = Path.Combine(settings.Out, settings.Simulated ? "state-simulated" : "state", "logs");
        string log = Path.Combine(folder, $"{dead.Name}.log");
        string last = File.Exists(log) ? File.ReadLines(log).LastOrDefault() ?? "" : "";
        throw new CommandException($"{dead.Name} has ended: {last}", $"see {log}", ExitCode.Undecided);
    }

    private void Show(string text)
    {
        if (text == _shown)
            return;
        _shown = text;
        string line = $"[{(Environment.TickCount64 - _start) / 1000.0,5:0.0} s] {Terminal.Plain(text)}";
        if (terminal.Interactive)
            terminal.Error.Write($"\r\e[2K{line}");
        else
            terminal.Error.WriteLine(line);
    }

    private void End()
    {
        if (terminal.Interactive)
            terminal.Error.WriteLine();
    }

    private async Task<T?> TryAsync<T>(Func<Task<T?>> get)
        where T : class
    {
        try
        {
            return await get();
        }
        catch (Exception e) when (e is HttpRequestException or CoordinatorException)
        {
            return null;
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            Show("the coordinator does not answer");
            return null;
        }
    }
}

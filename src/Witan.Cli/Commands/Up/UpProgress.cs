using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Council;
using Witan.Voting;

namespace Witan.Cli.Commands.Up;

/// <summary>Shows how far a council is, on stderr: rewritten on a terminal, a line for each change elsewhere.</summary>
internal sealed class UpProgress(Terminal terminal, UpSettings settings, LocalCouncil council)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly CoordinatorClient _client = new(council.Http, null, TimeProvider.System);
    private readonly long _start = Environment.TickCount64;
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);
    private string _shown = "";

    public async Task WaitForAdmissionsAsync(CancellationToken cancellationToken)
    {
        ExecutionMode mode = settings.Simulated ? ExecutionMode.Simulated : ExecutionMode.Local;
        await terminal.Error.WriteLineAsync(terminal.Warning(mode.Warning()!));
        await RepeatAsync(() => AreAllAdmittedAsync(cancellationToken), cancellationToken);
    }

    public Task WaitForDecisionAsync(Digest proposal, CancellationToken cancellationToken) => RepeatAsync(() => IsDecidedAsync(proposal, cancellationToken), cancellationToken);

    public async Task WatchChildrenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            TellOfLost();
        }
    }

    private string Mark => settings.Simulated ? " (simulated)" : " (local: no execution integrity)";

    // The line that is rewritten ends with the waiting, whatever ends that: the next word begins a line.
    private async Task RepeatAsync(Func<Task<bool>> isOver, CancellationToken cancellationToken)
    {
        try
        {
            // Ctrl-C reaches the children too: what they do then is no reason.
            for (cancellationToken.ThrowIfCancellationRequested(); !await isOver(); cancellationToken.ThrowIfCancellationRequested())
                await Task.Delay(Pause, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    private async Task<bool> AreAllAdmittedAsync(CancellationToken cancellationToken)
    {
        await RequireChildrenAsync(_ => true, cancellationToken);
        IReadOnlyList<AgentSummary> agents = await TryAsync(() => _client.GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, cancellationToken)) ?? [];
        int workers = agents.Count(agent => agent is { Role: AgentRole.Worker, IsPresent: true }), trustees = agents.Count(agent => agent is { Role: AgentRole.Trustee, IsPresent: true });
        Show($"admitted {workers} of {settings.Workers} workers, {trustees} of {settings.Trustees} trustees{Mark}");
        if (workers + trustees >= settings.Workers + settings.Trustees)
            return true;
        return Environment.TickCount64 - _start <= 90_000
            ? false
            : throw new CommandException("not everybody was admitted within 90 s", $"see the logs in {settings.Out}", ExitCode.Undecided);
    }

    // A worker or trustee may be lost: that is told, and the rules say what follows.
    private async Task<bool> IsDecidedAsync(Digest proposal, CancellationToken cancellationToken)
    {
        await RequireChildrenAsync(child => child.Name is "coordinator" or "simulator", cancellationToken);
        TellOfLost();
        if (await TryAsync(() => _client.GetAsync($"v1/proposals/{proposal}", WireJson.Default.ProposalSummary, cancellationToken)) is not { } now)
            return false;
        string waits = now.Waiting.Length > 0 ? $", waits {now.Waiting}" : "";
        Show(now.State switch
        {
            ProposalState.Draft => $"preparing{waits}",
            ProposalState.Open => "the roster is frozen",
            ProposalState.Deliberating => $"arguing{waits}",
            ProposalState.Voting => $"deliberating: {now.Ballots} of {now.Roster} ballots cast{waits}",
            ProposalState.Tallying => $"tallying{waits}",
            _ => $"{now.State}",
        });
        return ProposalsCommand.IsFinal(now.State);
    }

    private void TellOfLost()
    {
        foreach (ChildProcess child in council.Children.Where(child => child.HasExited && _gone.Add(child.Name)))
        {
            End();
            terminal.Error.WriteLine($"{child.Name} has ended; see {LogOf(child)}");
        }
    }

    private async Task RequireChildrenAsync(Func<ChildProcess, bool> isNeeded, CancellationToken cancellationToken)
    {
        if (council.Children.FirstOrDefault(child => child.HasExited && isNeeded(child)) is { } dead)
            throw new CommandException($"{dead.Name} has ended: {await dead.ReasonAsync(cancellationToken)}", $"see {LogOf(dead)}", ExitCode.Undecided);
    }

    private string LogOf(ChildProcess child) => Path.Combine(settings.Out, settings.Simulated ? "state-simulated" : "state", "logs", $"{child.Name}.log");

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
        if (terminal.Interactive && _shown.Length > 0)
            terminal.Error.WriteLine();
        _shown = "";
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

using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Audit;
using Witan.Cli.Commands.Up;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary><c>witan decision</c>: fetch a published decision, audit it here, and show what it proves.</summary>
public static class DecisionCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var id = new Argument<string>("ID") { Description = "the proposal's id, or its beginning" };
        var wait = new Option<bool>("--wait") { Description = "wait until it is finished, and show how far it is" };
        var output = new Option<string?>("--out") { Description = "write the published file here: witan audit checks it again at any time" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.audit/1)" };
        var command = new Command("decision", "What a council decided: the published record, audited here.") { id, wait, output, json };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            ProposalSummary proposal = await CouncilConnection.FindAsync(http, parsed.GetValue(id)!, token);
            if (parsed.GetValue(wait))
                proposal = await WaitAsync(terminal, http, proposal, token);
            byte[] file = await CouncilConnection.CallAsync(http, client => client.GetBytesAsync($"v1/proposals/{proposal.Id}/decision", token));
            string? path = parsed.GetValue(output);
            if (path is not null)
                await WriteAsync(path, file, token);
            return Show(terminal, file, proposal, path, parsed.GetValue(json));
        });
        return command;
    }

    // What is shown is what the file proves, never what the coordinator said of it.
    private static int Show(Terminal terminal, byte[] file, ProposalSummary proposal, string? path, bool json)
    {
        AuditReport report = SlowAudit.Run(terminal, file, new AuditOptions { Proposal = proposal.Id });
        DecisionPrinter.Print(terminal, report, path, json);
        DecisionPrinter.RequireHolds(report, path);
        if (!report.State!.IsFinal && proposal.Waiting.Length > 0)
            terminal.Error.WriteLine($"not finished: it waits {Terminal.Plain(proposal.Waiting)}");
        return report.State.Outcome is null ? ExitCode.Undecided : ExitCode.Good;
    }

    private static async Task<ProposalSummary> WaitAsync(Terminal terminal, HttpClient http, ProposalSummary proposal, CancellationToken cancellationToken)
    {
        string shown = "";
        while (true)
        {
            string line = $"{proposal.State}{(proposal.Roster > 0 ? $", {proposal.Ballots} of {proposal.Roster} ballots" : "")}{(proposal.Waiting.Length > 0 ? $", waits {Terminal.Plain(proposal.Waiting)}" : "")}";
            if (line != shown)
                await terminal.Error.WriteAsync(terminal.Interactive ? $"\r\e[2K{line}" : line + Environment.NewLine);
            shown = line;
            if (ProposalsCommand.IsFinal(proposal.State))
                break;
            await Task.Delay(Pause, cancellationToken);
            proposal = await TryAsync(http, proposal, cancellationToken);
        }

        if (terminal.Interactive)
            await terminal.Error.WriteLineAsync();
        return proposal;
    }

    // A coordinator that restarts is waited for: its record goes on.
    private static async Task<ProposalSummary> TryAsync(HttpClient http, ProposalSummary last, CancellationToken cancellationToken)
    {
        try
        {
            return await CouncilConnection.GetProposalAsync(http, last.Id, cancellationToken);
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Undecided)
        {
            return last with { Waiting = "for the coordinator to answer" };
        }
    }

    private static async Task WriteAsync(string path, byte[] file, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllBytesAsync(path, file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written: {e.Message}", "choose another file");
        }
    }
}

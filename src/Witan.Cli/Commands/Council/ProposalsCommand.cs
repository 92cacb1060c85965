using System.CommandLine;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary><c>witan proposals</c>: what is before a council, and what it was; <c>witan proposals cancel</c> ends one.</summary>
public static class ProposalsCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var open = new Option<bool>("--open") { Description = "only those that are not finished" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.proposals/1)" };
        var command = new Command("proposals", "What is before a council, newest first.") { open, json, Cancel(terminal) };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            ProposalSummary[] all =
            [
                .. (await CouncilConnection.GetAsync(http, "v1/proposals", WireJson.Default.IReadOnlyListProposalSummary, token))
                    .Where(proposal => !parsed.GetValue(open) || !IsFinal(proposal.State)),
            ];
            if (parsed.GetValue(json))
                await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(new ProposalsJson("witan.proposals/1", [.. all.Select(ProposalJson.Of)]), CouncilJson.Default.ProposalsJson));
            else
                Write(terminal, all, TimeProvider.System.GetUtcNow());
            return ExitCode.Good;
        });
        return command;
    }

    internal static bool IsFinal(ProposalState state) =>
        state is ProposalState.Settled or ProposalState.NoQuorum or ProposalState.Cancelled or ProposalState.Expired or ProposalState.Failed;

    private static Command Cancel(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var id = new Argument<string>("ID") { Description = "the proposal's id, or its beginning" };
        Option<string?> key = RequesterKey.Option();
        var command = new Command("cancel", "End a proposal before its close; a closed one cannot be cancelled.") { id, key };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            byte[] seed = RequesterKey.Read(parsed.GetValue(key));
            ProposalSummary found = await CouncilConnection.FindAsync(http, parsed.GetValue(id)!, token);
            RequesterOrder order = RequesterOrder.Create("cancel", found.Id, TimeProvider.System.GetUtcNow(), seed);
            ProposalSummary after = CouncilConnection.RequireSame(await CouncilConnection.CallAsync(http, client => client.PostAsync(
                $"v1/proposals/{found.Id}/cancel", order, WireJson.Default.RequesterOrder, WireJson.Default.ProposalSummary, token)), found.Id);
            await terminal.Out.WriteLineAsync($"{after.State}: {Terminal.Plain(after.Title)}");
            return ExitCode.Good;
        });
        return command;
    }

    private static void Write(Terminal terminal, ProposalSummary[] all, DateTimeOffset now)
    {
        if (all.Length == 0)
        {
            terminal.Error.WriteLine("no proposals; put one with: witan propose FILE");
            return;
        }

        var table = new Table("ID", "STATE", "BALLOTS", "CLOSES", "DECISION", "TITLE");
        foreach (ProposalSummary proposal in all)
        {
            table.Add(
                proposal.Id.Short(), proposal.State.ToString(), proposal.Roster == 0 ? "-" : $"{proposal.Ballots}/{proposal.Roster}",
                Wording.From(now, proposal.CloseAt), proposal.Decision?.ToString() ?? "-", Wording.Cut(proposal.Title, 60));
        }

        table.Write(terminal);
        foreach (ProposalSummary proposal in all.Where(proposal => proposal.Waiting.Length > 0))
            terminal.Out.WriteLine($"{proposal.Id.Short()} waits {Terminal.Plain(proposal.Waiting)}");
        if (all[0].Mark.Length > 0)
            terminal.Out.WriteLine(terminal.Doubt(Terminal.Plain(all[0].Mark)));
    }
}

using System.CommandLine;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Council;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Cli.Commands.Propose;

/// <summary><c>witan propose</c>: put a question before a council.</summary>
public static class ProposeCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var file = new Argument<string>("FILE") { Description = "the proposal, Markdown with a front matter" };
        var workers = new Option<int?>("--workers") { Description = "fewest workers for a roster; whoever else is there then votes too (default: the policy's)" };
        var trustees = new Option<int>("--trustees") { Description = "how many trustees hold shares", DefaultValueFactory = _ => 3 };
        Option<string?> key = RequesterKey.Option();
        var json = new Option<bool>("--json") { Description = "print JSON (witan.proposal/1)" };
        var command = new Command("propose", "Put a question before a council.") { file, workers, trustees, key, json };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            ProposalFile proposal = ProposalFile.Parse(parsed.GetValue(file)!, InputFile.Read(parsed.GetValue(file)!, 1 << 20));
            byte[] seed = RequesterKey.Read(parsed.GetValue(key));
            using HttpClient http = connection.Open(parsed, terminal);
            CouncilPolicy policy = await CouncilConnection.CallAsync(http, client => client.GetPolicyAsync(token));
            int roster = parsed.GetValue(workers) ?? policy.MinimumWorkers;
            int turnout = Math.Max((roster / 2) + 1, ((policy.TurnoutPercent * roster) + 99) / 100);
            ProposalBody body = proposal.ToBody(roster, turnout, parsed.GetValue(trustees), TimeProvider.System.GetUtcNow());
            ProposalSummary summary = await SubmitAsync(http, body, seed, token);
            if (parsed.GetValue(json))
                await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(ProposalJson.Of(summary), CouncilJson.Default.ProposalJson));
            else
                await WriteAsync(terminal, summary, body);
            return ExitCode.Good;
        });
        return command;
    }

    /// <summary>Signs and submits; the coordinator's refusals become one line.</summary>
    internal static async Task<ProposalSummary> SubmitAsync(HttpClient http, ProposalBody body, byte[] seed, CancellationToken cancellationToken)
    {
        if (body.Problem() is { } problem)
            throw new CommandException($"the proposal's rules do not hold together: {problem}", "change the front matter");
        var request = new ProposeRequest(body, new Digest(Ed25519.PublicKey(seed)), Ed25519.Sign(seed, body.Id().Bytes));
        return CouncilConnection.RequireSame(await CouncilConnection.CallAsync(http, client => client.PostAsync(
            "v1/proposals", request, WireJson.Default.ProposeRequest, WireJson.Default.ProposalSummary, cancellationToken)), body.Id());
    }

    private static async Task WriteAsync(Terminal terminal, ProposalSummary summary, ProposalBody body)
    {
        await terminal.Out.WriteLineAsync($"proposal {summary.Id}{Suffix(summary.Mark)}");
        await terminal.Out.WriteLineAsync($"  options    {Terminal.Plain(string.Join(", ", body.Options))}");
        await terminal.Out.WriteLineAsync($"  roster     {body.MinimumRoster} workers at least, {body.MinimumTurnout} ballots for a decision, more than {body.PassNumerator}/{body.PassDenominator} to pass");
        await terminal.Out.WriteLineAsync($"  trustees   {body.Threshold} of {body.Trustees}");
        await terminal.Out.WriteLineAsync($"  closes     {body.CloseAt:yyyy-MM-dd HH:mm:ss} UTC");
        await terminal.Error.WriteLineAsync($"watch it: witan decision {summary.Id.Short()} --wait");
    }

    private static string Suffix(string mark) => mark.Length > 0 ? $" ({Terminal.Plain(mark)})" : "";
}

using System.CommandLine;
using System.Text.Json;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Cli.Commands.Propose;

/// <summary><c>witan propose</c>: put a question before a council.</summary>
public static class ProposeCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "the proposal, Markdown with a front matter" };
        Option<Uri> coordinator = CoordinatorOption.Create();
        var workers = new Option<int>("--workers") { Description = "how many workers the roster needs", DefaultValueFactory = _ => 3 };
        var trustees = new Option<int>("--trustees") { Description = "how many trustees hold shares", DefaultValueFactory = _ => 3 };
        var key = new Option<string?>("--key") { Description = "file with the requester's 32-byte seed in hexadecimal (LOCAL_MODE needs none)" };
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("propose", "Put a question before a council.") { file, coordinator, workers, trustees, key, json };
        command.SetAction(async (parsed, token) =>
        {
            ProposalFile proposal = ProposalFile.Parse(parsed.GetValue(file)!, InputFile.Read(parsed.GetValue(file)!, 1 << 20));
            ProposalBody body = proposal.ToBody(parsed.GetValue(workers), parsed.GetValue(trustees), TimeProvider.System.GetUtcNow());
            byte[] seed = Seed(parsed.GetValue(key));
            using var http = new HttpClient { BaseAddress = parsed.GetValue(coordinator)!, Timeout = TimeSpan.FromSeconds(30) };
            ProposalSummary summary = await SubmitAsync(http, body, seed, token);
            if (parsed.GetValue(json))
                await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(summary, WireJson.Default.ProposalSummary));
            else
                await terminal.Out.WriteLineAsync($"proposal {summary.Id} is open for {body.Options.Count} options until {body.CloseAt:yyyy-MM-dd HH:mm:ss} UTC{Suffix(summary.Mark)}");
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
        try
        {
            return await new CoordinatorClient(http, null, TimeProvider.System).PostAsync(
                "v1/proposals", request, WireJson.Default.ProposeRequest, WireJson.Default.ProposalSummary, cancellationToken);
        }
        catch (CoordinatorException e)
        {
            throw new CommandException($"the coordinator refused: {e.Message}", null, ExitCode.Rejected);
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"the coordinator at {http.BaseAddress} does not answer: {e.Message}", "is it running? witan up starts one", ExitCode.Undecided);
        }
    }

    internal static string Suffix(string mark) => mark.Length > 0 ? $" ({mark})" : "";

    private static byte[] Seed(string? path)
    {
        if (path is null)
            return System.Security.Cryptography.RandomNumberGenerator.GetBytes(32);
        string text = System.Text.Encoding.ASCII.GetString(InputFile.Read(path, 1024)).Trim();
        return text.Length == 64 && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new CommandException($"{path} is no seed of 64 hexadecimal digits");
    }
}

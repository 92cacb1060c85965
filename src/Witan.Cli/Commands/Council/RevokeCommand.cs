using System.CommandLine;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary><c>witan policy revoke</c> and <c>witan policy revocations</c>.</summary>
internal static class RevokeCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var kind = new Argument<RevocationKind>("KIND") { Description = "measurement, compose, platform or agent" };
        var value = new Argument<string>("VALUE") { Description = "the hash in lower-case hexadecimal, or the agent's did:key" };
        var reason = new Option<string>("--reason") { Description = "for people", DefaultValueFactory = _ => "" };
        Option<string?> key = RequesterKey.Option();
        var command = new Command("revoke", "Trust a measurement, a compose hash, a platform or an agent no more. It cannot be taken back.") { kind, value, reason, key };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            Revocation order = Revocation.Create(
                parsed.GetValue(kind), parsed.GetValue(value)!, parsed.GetValue(reason)!, TimeProvider.System.GetUtcNow(), RequesterKey.Read(parsed.GetValue(key)));
            if (order.Problem() is { } problem)
                throw new CommandException(problem, "witan workers shows identities; witan verify shows measurements");
            await CouncilConnection.CallAsync(http, client => client.PostAsync(
                "v1/revocations", order, WireJson.Default.Revocation, WireJson.Default.IReadOnlyListRevocation, token));
            await terminal.Out.WriteLineAsync($"revoked: {order.Kind.ToString().ToLowerInvariant()} {order.Value}");
            return ExitCode.Good;
        });
        return command;
    }

    public static Command List(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var json = new Option<bool>("--json") { Description = "print JSON (witan.revocations/1)" };
        var command = new Command("revocations", "What a coordinator does not trust any more.") { json };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            IReadOnlyList<Revocation> all = await CouncilConnection.GetAsync(http, "v1/revocations", WireJson.Default.IReadOnlyListRevocation, token);
            if (parsed.GetValue(json))
            {
                var list = new RevocationsJson("witan.revocations/1", [.. all.Select(order => new RevocationJson(
                    order.Kind.ToString(), order.Value, order.Reason, order.At, order.Requester.ToString()))]);
                await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(list, CouncilJson.Default.RevocationsJson));
                return ExitCode.Good;
            }

            if (all.Count == 0)
                await terminal.Error.WriteLineAsync("nothing was revoked");
            var table = new Table("KIND", "SINCE", "VALUE", "REASON");
            foreach (Revocation order in all)
                table.Add(order.Kind.ToString(), $"{order.At:yyyy-MM-dd HH:mm}", order.Value, order.Reason);
            if (all.Count > 0)
                table.Write(terminal);
            return ExitCode.Good;
        });
        return command;
    }
}

using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Cvms;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Watch;

/// <summary><c>witan watch NAME</c>.</summary>
public static class WatchCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "name or id of the CVM" };
        var hash = new Option<string?>("--compose-hash") { Description = "the compose hash that the evidence must show (else the one of the last deployment)" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var command = new Command("watch", "Wait until a CVM's endpoint answers and its evidence verifies.") { name, hash, json };
        var options = new WatchOptions();
        options.AddTo(command);
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            using CloudConnection cloud = connect(parsed);
            string cvm = parsed.GetValue(name)!;
            var expected = new EndpointExpectation
            {
                ComposeHash = ComposeHash(parsed.GetValue(hash), cvm, options.States(parsed)),
                Requirement = options.Requirement(parsed),
            };
            return await RunAsync(terminal, cloud, cvm, cvm, expected, options, parsed, parsed.GetValue(json), cancellationToken);
        }));
        return command;
    }

    /// <summary>Watches and prints; the exit code says how it ended.</summary>
    internal static async Task<int> RunAsync(
        Terminal terminal,
        CloudConnection cloud,
        string name,
        string cvm,
        EndpointExpectation expected,
        WatchOptions options,
        ParseResult parsed,
        bool json,
        CancellationToken cancellationToken)
    {
        if (expected.ComposeHash is null)
            terminal.Error.WriteLine($"{terminal.Warning("!")} no compose hash is known for {name}: any compose is taken; give one with --compose-hash");
        using HttpClient endpoint = options.Endpoint(parsed);
        IEndpointEvidence evidence = options.Evidence(parsed)(
            endpoint, async token => (await cloud.Client.GetAttestationAsync(cvm, token))?.TcbInfo?.AppCompose);
        var watcher = new EndpointWatcher(cloud.Client, new HttpEndpointProbe(endpoint), evidence, TimeProvider.System);
        var text = new WatchText(terminal);
        EndpointWatchResult result = await watcher.WatchForEndpointAsync(cvm, expected, options.Read(parsed), text, cancellationToken);
        return text.Finish(result, name, json);
    }

    private static string? ComposeHash(string? given, string name, DeploymentStateStore states)
    {
        if (given is null)
            return CvmName.IsValid(name) ? states.Load(name)?.ComposeHash : null;
        string bare = given.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? given[2..] : given;
        return bare.Length == 64 && bare.All(char.IsAsciiHexDigit)
            ? bare.ToLowerInvariant()
            : throw new CommandException("--compose-hash must be 64 hexadecimal digits");
    }
}

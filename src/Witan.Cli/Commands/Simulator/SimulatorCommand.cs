using System.CommandLine;
using System.Net;
using System.Text;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Dstack.Simulator;

namespace Witan.Cli.Commands.Simulator;

/// <summary><c>witan simulator</c>: a guest agent for machines without a TEE. The only command that loads it.</summary>
public static class SimulatorCommand
{
    public static Command Create(Terminal terminal)
    {
        var socket = new Option<string[]>("--socket") { Description = "unix socket of the guest agent; APP/INSTANCE=PATH serves another machine, repeatable (default: STATE/dstack.sock)" };
        var tappd = new Option<string[]>("--tappd-socket") { Description = "unix socket of the legacy service, likewise (default: STATE/tappd.sock)" };
        var listen = new Option<string?>("--listen") { Description = "loopback address that serves all services, for example 127.0.0.1:8090" };
        var profile = new Option<string>("--profile") { Description = "consistent, or upstream-fixture: the keys that tests of other SDKs expect", DefaultValueFactory = _ => "consistent" };
        var compose = new Option<string?>("--app-compose") { Description = "the app-compose file that is measured" };
        var seed = new Option<string?>("--seed") { Description = "what all keys and identities follow from (default: kept in STATE/seed, random at first)" };
        var version = new Option<string>("--agent-version") { Description = "version of the guest OS to simulate: its methods and no others", DefaultValueFactory = _ => "0.6.0" };
        var state = new Option<string>("--state") { Description = "directory for seed, root.pem and collateral.json", DefaultValueFactory = _ => Path.Combine("out", "simulator") };
        var json = new Option<bool>("--json") { Description = "say where it serves as one line of JSON (witan.simulator/1)" };
        var command = new Command("simulator", "A guest agent under a development root, for machines without a TEE.")
        {
            socket, tappd, listen, profile, compose, seed, version, state, json,
        };
        command.SetAction(async (parsed, token) =>
        {
            ParentGuard.Arm();
            using var signals = new ProgramSignals();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, token);
            string directory = InputFile.WritableDirectory(parsed.GetValue(state)!);
            var options = new SimulatorOptions
            {
                Seed = SimulatorSeed.Of(parsed.GetValue(seed), directory),
                State = directory,
                Sockets = SimulatorSockets.Of(parsed.GetValue(socket)!, parsed.GetValue(tappd)!, parsed.GetValue(listen) is not null, directory),
                Listen = Loopback(parsed.GetValue(listen)),
                Profile = Profile(parsed.GetValue(profile)!),
                AppCompose = Compose(parsed.GetValue(compose)),
                Version = VersionOf(parsed.GetValue(version)!),
            };
            await using SimulatorServer server = await StartAsync(options, stop.Token);
            SimulatorAnnouncement.Write(terminal, options, server, parsed.GetValue(json));
            await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Good;
        });
        return command;
    }

    private static async Task<SimulatorServer> StartAsync(SimulatorOptions options, CancellationToken token)
    {
        try
        {
            return await SimulatorServer.StartAsync(options, token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the socket cannot be served: {e.Message}", "is the path free and its directory there?");
        }
        catch (ArgumentException e)
        {
            throw new CommandException(e.Message.Split(" (Parameter", 2)[0]);
        }
    }

    private static IPEndPoint? Loopback(string? text)
    {
        if (text is null)
            return null;
        string address = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" + text["localhost".Length..] : text;
        if (!address.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(address, out IPEndPoint? endpoint))
            throw new CommandException($"--listen {text} is no address", "for example --listen 127.0.0.1:8090");
        return IPAddress.IsLoopback(endpoint.Address)
            ? endpoint
            : throw new CommandException($"--listen {text} is not a loopback address", "the agent knows no authentication: whoever reaches it has every key");
    }

    private static SimulatorProfile Profile(string text) => text switch
    {
        "consistent" => SimulatorProfile.Consistent,
        "upstream-fixture" => SimulatorProfile.UpstreamFixture,
        _ => throw new CommandException($"there is no profile {text}", "consistent or upstream-fixture"),
    };

    // Strict: the guest hashes the file's bytes, so text that loses any would be measured as another file.
    private static string? Compose(string? path)
    {
        if (path is null)
            return null;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(InputFile.Read(path, 4 << 20));
        }
        catch (DecoderFallbackException)
        {
            throw new CommandException($"{path} is no app-compose file: it is not UTF-8");
        }
    }

    private static Version VersionOf(string text) =>
        Version.TryParse(text, out Version? version) && version.Build >= 0 ? version : throw new CommandException($"--agent-version {text} is no version", "for example 0.6.0");
}

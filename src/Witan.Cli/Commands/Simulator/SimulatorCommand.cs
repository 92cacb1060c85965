using System.CommandLine;
using System.Security.Cryptography;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Dstack.Simulator;

namespace Witan.Cli.Commands.Simulator;

/// <summary><c>witan simulator</c>: a guest agent for machines without a TEE. The only command that loads it.</summary>
public static class SimulatorCommand
{
    public static Command Create(Terminal terminal)
    {
        var socket = new Option<string[]>("--socket")
        {
            Description = "unix socket; APP/INSTANCE=PATH serves another machine, repeatable",
            Required = true,
        };
        var state = new Option<string>("--state") { Description = "directory for seed, root.pem and collateral.json", Required = true };
        var command = new Command("simulator", "A guest agent under a development root, for machines without a TEE.") { socket, state };
        command.SetAction(async (parsed, token) =>
        {
            ParentGuard.Arm();
            using var signals = new ProgramSignals();
            string directory = InputFile.WritableDirectory(parsed.GetValue(state)!);
            SimulatorSocket[] sockets = [.. parsed.GetValue(socket)!.Select(Parse)];
            try
            {
                await using SimulatorServer server = await SimulatorServer.StartAsync(Seed(directory), directory, sockets, TimeProvider.System, token);
                await terminal.Error.WriteLineAsync($"simulator: {sockets.Length} machine(s) under a development root; evidence says: simulated");
                await Task.Delay(Timeout.Infinite, signals.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            catch (IOException e)
            {
                throw new CommandException($"the socket cannot be served: {e.Message}", "is the path free and its directory there?");
            }

            return ExitCode.Good;
        });
        return command;
    }

    private static SimulatorSocket Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string path = Path.GetFullPath(equals < 0 ? text : text[(equals + 1)..]);
        string[] name = equals < 0 ? ["app", "default"] : text[..equals].Split('/');
        if (name.Length != 2 || name.Any(part => part.Length == 0))
            throw new CommandException($"--socket {text}: neither PATH nor APP/INSTANCE=PATH");
        return path.Length <= 107
            ? new SimulatorSocket(name[0], name[1], path)
            : throw new CommandException($"the socket path has {path.Length} characters; a unix socket has at most 107", "choose a shorter directory");
    }

    private static byte[] Seed(string directory)
    {
        string path = Path.Combine(directory, "seed");
        if (!File.Exists(path))
            File.WriteAllText(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        try
        {
            return Convert.FromHexString(File.ReadAllText(path).Trim());
        }
        catch (FormatException)
        {
            throw new CommandException($"{path} is no hexadecimal seed", "delete it to make a new one");
        }
    }
}

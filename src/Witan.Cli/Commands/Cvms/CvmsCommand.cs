using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Cvms;

/// <summary><c>witan cvms</c>: look after the CVMs of a workspace.</summary>
public static class CvmsCommand
{
    public static Command Create(Terminal terminal) =>
        new("cvms", "List, inspect, restart and delete CVMs on Phala Cloud.")
        {
            List(terminal), Status(terminal), Logs(terminal), Restart(terminal), Delete(terminal),
        };

    private static Command List(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("list", "All CVMs of the workspace.") { json };
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            using CloudConnection cloud = connect(parsed);
            CvmText.WriteList(terminal, await cloud.Client.ListAsync(cancellationToken), parsed.GetValue(json));
            return ExitCode.Good;
        }));
        return command;
    }

    private static Command Status(Terminal terminal)
    {
        Argument<string> name = Name();
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("status", "State, address and compose hash of one CVM. Exit code 0 when it runs, 3 when it does not.") { name, json };
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            using CloudConnection cloud = connect(parsed);
            CvmInfo info = await FindAsync(cloud, parsed.GetValue(name)!, cancellationToken);
            CvmState? state = await cloud.Client.GetStateAsync(info.Key, cancellationToken);
            CvmText.WriteStatus(terminal, info, state, parsed.GetValue(json));
            return state is { BootError.Length: > 0 } ? ExitCode.NotProvisioned : state?.IsRunning == true ? ExitCode.Good : ExitCode.Undecided;
        }));
        return command;
    }

    private static Command Logs(Terminal terminal)
    {
        Argument<string> name = Name();
        var tail = new Option<int>("--tail") { Description = "last lines of each log, 1 to 1000", DefaultValueFactory = _ => 100 };
        tail.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 1000)
                result.AddError("--tail must be 1 to 1000");
        });
        var command = new Command("logs", "Last lines of the containers' logs, or of the machine's while none runs.") { name, tail };
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            using CloudConnection cloud = connect(parsed);
            CvmInfo info = await FindAsync(cloud, parsed.GetValue(name)!, cancellationToken);
            foreach (string line in await new CvmLog(cloud.Client).TailAsync(info.Key, parsed.GetValue(tail), cancellationToken))
                terminal.Out.WriteLine(CvmText.LogLine(line));
            return ExitCode.Good;
        }));
        return command;
    }

    private static Command Restart(Terminal terminal)
    {
        Argument<string> name = Name();
        var command = new Command("restart", "Stop and start one CVM. Its identity and its disk stay.") { name };
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            using CloudConnection cloud = connect(parsed);
            CvmInfo info = await FindAsync(cloud, parsed.GetValue(name)!, cancellationToken);
            await cloud.Client.RestartAsync(info.Key, cancellationToken);
            string known = Terminal.Plain(info.Name);
            terminal.Error.WriteLine($"restarting {known}; wait for it with: witan watch {known} --collateral FILE");
            return ExitCode.Good;
        }));
        return command;
    }

    private static Command Delete(Terminal terminal)
    {
        Argument<string> name = Name();
        var yes = new Option<bool>("--yes") { Description = "do it: the disk is lost" };
        var command = new Command("delete", "Delete one CVM with its disk. It costs nothing afterwards, and nothing on it comes back.") { name, yes };
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            using CloudConnection cloud = connect(parsed);
            CvmInfo info = await FindAsync(cloud, parsed.GetValue(name)!, cancellationToken);
            if (!parsed.GetValue(yes))
                throw new CommandException($"{info.Name} ({info.Status}, app {info.AppId}) would be deleted with its disk", "say so with --yes");
            await cloud.Client.DeleteAsync(info.Key, cancellationToken);
            terminal.Error.WriteLine($"{Terminal.Plain(info.Name)} deleted");
            return ExitCode.Good;
        }));
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "name or id of the CVM" };

    private static async Task<CvmInfo> FindAsync(CloudConnection cloud, string name, CancellationToken cancellationToken) =>
        await cloud.Client.FindAsync(name, cancellationToken)
        ?? throw new CommandException($"there is no CVM {name} in this workspace", "witan cvms list", ExitCode.Rejected);
}

using System.CommandLine;
using Witan.Cli.CommandLine;

namespace Witan.Cli;

/// <summary>The root of the command tree: parses, runs one command, and turns every ending into an exit code.</summary>
public static class WitanCommand
{
    /// <summary>Runs one command line. Never throws.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        RootCommand root = Create(terminal);
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            terminal.WriteError(parsed.Errors[0].Message, $"witan {CommandPath(parsed)}--help lists what it takes");
            return ExitCode.Usage;
        }

        try
        {
            var invocation = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
            };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (CommandException e)
        {
            terminal.WriteError(e.Message, e.Hint);
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            terminal.WriteError("interrupted", null);
            return 130;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("WITAN_TRACE") is null)
        {
            terminal.WriteError($"internal: {e.GetType().Name}: {e.Message}", "set WITAN_TRACE=1 and report what it prints");
            return ExitCode.Internal;
        }
    }

    // One line a command, in the order in which a newcomer meets them.
    private static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Confidential workers you can verify, and decisions they take in private.");
        var noColour = new Option<bool>("--no-color") { Description = "no colour", Recursive = true };
        noColour.Validators.Add(result =>
        {
            if (result.Implicit == false)
                terminal.WithoutColour();
        });
        root.Options.Add(noColour);
        root.Subcommands.Add(Commands.Up.UpCommand.Create(terminal));
        root.Subcommands.Add(Commands.Propose.ProposeCommand.Create(terminal));
        root.Subcommands.Add(Commands.Audit.AuditCommand.Create(terminal));
        root.Subcommands.Add(Commands.Verify.VerifyCommand.Create(terminal));
        root.Subcommands.Add(Commands.SgxTest.SgxTestCommand.Create(terminal));
        root.Subcommands.Add(Commands.Run.AgentCommands.Coordinator(terminal));
        root.Subcommands.Add(Commands.Run.AgentCommands.Worker(terminal));
        root.Subcommands.Add(Commands.Run.AgentCommands.Trustee(terminal));
        root.Subcommands.Add(Commands.Simulator.SimulatorCommand.Create(terminal));
        root.Subcommands.Add(Commands.Compose.ComposeCommand.Create(terminal));
        root.Subcommands.Add(Commands.Deploy.DeployCommand.Create(terminal));
        root.Subcommands.Add(Commands.Watch.WatchCommand.Create(terminal));
        root.Subcommands.Add(Commands.Cvms.CvmsCommand.Create(terminal));
        return root;
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResultWalk walk = new(parsed.CommandResult); walk.Current is not null; walk = walk.Up())
            names.Insert(0, walk.Current);
        return names.Count == 0 ? "" : string.Join(' ', names) + " ";
    }

    private readonly struct SymbolResultWalk(System.CommandLine.Parsing.CommandResult? result)
    {
        // The root's own name is the program's, which the message already has.
        public string? Current => result is null || result.Command is RootCommand ? null : result.Command.Name;

        public SymbolResultWalk Up() => new(result?.Parent as System.CommandLine.Parsing.CommandResult);
    }
}

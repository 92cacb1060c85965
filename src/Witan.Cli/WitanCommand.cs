using System.CommandLine;
using System.CommandLine.Parsing;
using Witan.Cli.CommandLine;

namespace Witan.Cli;

/// <summary>The root of the command tree: parses, runs one command, and turns every ending into an exit code.</summary>
public static class WitanCommand
{
    // How long a command may take to end after Ctrl-C or SIGTERM; then the process is ended for it. What runs until it is told to stop finishes
    // what it holds: a coordinator drains for 8 s, a council ends its processes, a simulator takes its sockets away.
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ShortTime = TimeSpan.FromSeconds(2);

    // One line a command, in the order in which a newcomer meets them.
    private static readonly (string Name, Func<Terminal, Command> Create)[] All =
    [
        ("up", Commands.Up.UpCommand.Create),
        ("propose", Commands.Propose.ProposeCommand.Create),
        ("proposals", Commands.Council.ProposalsCommand.Create),
        ("decision", Commands.Council.DecisionCommand.Create),
        ("audit", Commands.Audit.AuditCommand.Create),
        ("workers", Commands.Council.AgentsCommand.Workers),
        ("trustees", Commands.Council.AgentsCommand.Trustees),
        ("policy", Commands.Council.PolicyCommand.Create),
        ("verify", Commands.Verify.VerifyCommand.Create),
        ("collateral", Commands.CollateralFiles.CollateralCommand.Create),
        ("sgx-test", Commands.SgxTest.SgxTestCommand.Create),
        ("coordinator", Commands.Run.AgentCommands.Coordinator),
        ("worker", Commands.Run.AgentCommands.Worker),
        ("trustee", Commands.Run.AgentCommands.Trustee),
        ("simulator", Commands.Simulator.SimulatorCommand.Create),
        ("compose", Commands.Compose.ComposeCommand.Create),
        ("deploy", Commands.Deploy.DeployCommand.Create),
        ("watch", Commands.Watch.WatchCommand.Create),
        ("cvms", Commands.Cvms.CvmsCommand.Create),
    ];

    /// <summary>Runs one command line. Never throws.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        RootCommand root = Create(terminal, args);
        // Whoever types the name alone wants to see what there is.
        ParseResult parsed = root.Parse(args is [] ? ["--help"] : args);
        if (Unknown(parsed) is { } unknown)
            return Mistyped(parsed, terminal, $"there is no {unknown}", $"witan {CommandPath(parsed)}--help lists what there is");
        if (parsed.Errors.Count > 0)
            return Mistyped(parsed, terminal, parsed.Errors[0].Message, $"witan {CommandPath(parsed)}--help lists what it takes");

        try
        {
            var invocation = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = RunsUntilStopped(parsed) ? DrainTime : ShortTime,
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

    private static int Mistyped(ParseResult parsed, Terminal terminal, string message, string hint)
    {
        // Who reads lines of JSON gets one for a mistyped command too.
        if (parsed.CommandResult.Command.Name == Commands.Verify.VerifyCommand.Name)
            Commands.Verify.VerifyCommand.WriteMistyped(parsed, terminal, new CommandException(message, hint));
        terminal.WriteError(message, hint);
        return ExitCode.Usage;
    }

    // A mistyped option would be taken for a file, and a mistyped command for a missing one. Behind -- everything is a name.
    private static string? Unknown(ParseResult parsed)
    {
        foreach (Token token in parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash))
        {
            if (token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))
                return $"option {token.Value}";
        }

        return parsed.UnmatchedTokens is [{ } first, ..] && parsed.CommandResult.Command.Subcommands.Count > 0 ? $"command {first}" : null;
    }

    private static bool RunsUntilStopped(ParseResult parsed) => parsed.CommandResult.Command.Name is "up" or "coordinator" or "worker" or "trustee" or "simulator";

    private static RootCommand Create(Terminal terminal, string[] args)
    {
        var root = new RootCommand("Confidential workers you can verify, and decisions they take in private.");
        var noColour = new Option<bool>("--no-color") { Description = "no colour", Recursive = true };
        noColour.Validators.Add(result =>
        {
            if (result.Implicit == false)
                terminal.WithoutColour();
        });
        root.Options.Add(noColour);
        // Only what is asked for is built: the options of all the others would cost every command their time to start.
        string? asked = args.FirstOrDefault(text => !text.StartsWith('-'));
        bool isKnown = Array.Exists(All, command => command.Name == asked);
        foreach ((string name, Func<Terminal, Command> create) in All)
        {
            if (!isKnown || name == asked)
                root.Subcommands.Add(create(terminal));
        }

        return root;
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResultWalk walk = new(parsed.CommandResult); walk.Current is not null; walk = walk.Up())
            names.Insert(0, walk.Current);
        return names.Count == 0 ? "" : string.Join(' ', names) + " ";
    }

    private readonly struct SymbolResultWalk(CommandResult? result)
    {
        // The root's own name is the program's, which the message already has.
        public string? Current => result is null || result.Command is RootCommand ? null : result.Command.Name;

        public SymbolResultWalk Up() => new(result?.Parent as CommandResult);
    }
}

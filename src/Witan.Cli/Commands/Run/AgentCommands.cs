using System.CommandLine;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Coordinator;
using Witan.Coordinator.Stores;
using Witan.Dstack;
using Witan.Trustee;
using Witan.Worker;
using Witan.Worker.Deliberation;

namespace Witan.Cli.Commands.Run;

/// <summary><c>witan coordinator</c>, <c>witan worker</c>, <c>witan trustee</c>: one agent in this process.</summary>
public static class AgentCommands
{
    private static readonly Option<string> State = new("--state") { Description = "directory for what must survive a restart", Required = true };
    private static readonly Option<string?> Socket = new("--socket") { Description = "the guest agent's socket (default: the usual places)" };
    private static readonly Option<string?> Root = new("--development-root") { Description = "trust this root (PEM) instead of Intel's; marks everything as simulated" };
    private static readonly Option<string?> Collateral = new("--collateral") { Description = "collateral to judge peers' evidence with" };
    private static readonly Option<string> Policy = new("--policy") { Description = "policy: phala, phala-docs, strict; for a coordinator also a file (witan.policy/1)", DefaultValueFactory = _ => "phala" };

    public static Command Coordinator(Terminal terminal)
    {
        var listen = new Option<string>("--listen") { Description = "address to listen on", DefaultValueFactory = _ => "127.0.0.1" };
        Option<int> port = Port(3000);
        var requester = new Option<string[]>("--requester") { Description = "Ed25519 key that may propose, in hexadecimal; repeatable" };
        var tier = new Option<int>("--worst-tier") { Description = "worst confidence level that is admitted", DefaultValueFactory = _ => 5 };
        var least = new Option<int?>("--min-workers") { Description = "fewest workers on a roster (default: MIN_WORKERS, else the policy's)" };
        var most = new Option<int?>("--max-workers") { Description = "most workers on a roster (default: MAX_WORKERS, else the policy's)" };
        var command = new Command("coordinator", "Keep records: admit workers and trustees, take ballots, publish decisions.")
        {
            State, listen, port, Socket, Root, Collateral, Policy, tier, requester, least, most,
        };
        command.SetAction((parsed, token) => RunAsync(stop => CoordinatorHost.RunAsync(
            new CoordinatorOptions
            {
                State = parsed.GetValue(State)!,
                Listen = parsed.GetValue(listen)!,
                Port = parsed.GetValue(port),
                LocalMode = LocalMode,
                Socket = parsed.GetValue(Socket),
                DevelopmentRoot = parsed.GetValue(Root),
                Collateral = parsed.GetValue(Collateral),
                Policy = parsed.GetValue(Policy)!,
                WorstLevel = parsed.GetValue(tier),
                Requesters = parsed.GetValue(requester) ?? [],
                MinimumWorkers = parsed.GetValue(least) ?? Number("MIN_WORKERS"),
                MaximumWorkers = parsed.GetValue(most) ?? Number("MAX_WORKERS"),
            },
            terminal.Error,
            TimeProvider.System,
            stop), token));
        return command;
    }

    public static Command Worker(Terminal terminal)
    {
        Option<int> port = Port(3001);
        var profile = new Option<string>("--profile") { Description = "who this worker is: a profile file", Required = true };
        (Option<string> name, Option<Uri> coordinator) = Peer("worker");
        var command = new Command("worker", "Deliberate and vote: attest, take tasks, cast ballots.")
        {
            State, name, coordinator, profile, port, Socket, Root, Collateral, Policy,
        };
        command.SetAction((parsed, token) => RunAsync(async stop =>
        {
            byte[] file = InputFile.Read(parsed.GetValue(profile)!, 1 << 20);
            // The deliberation bounds its own time; the client must not have another idea.
            using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            IDeliberator deliberator;
            try
            {
                deliberator = Deliberators.Create(WorkerProfile.Parse(file), http, TimeProvider.System);
            }
            catch (FormatException e)
            {
                throw new CommandException($"{parsed.GetValue(profile)}: {e.Message}", "examples/profiles shows the form");
            }

            await WorkerHost.RunAsync(Options(parsed, name, coordinator), parsed.GetValue(port), deliberator, terminal.Error, TimeProvider.System, stop);
        }, token));
        return command;
    }

    public static Command Trustee(Terminal terminal)
    {
        (Option<string> name, Option<Uri> coordinator) = Peer("trustee");
        var command = new Command("trustee", "Hold a share of the key: open one sum a proposal, and nothing else.")
        {
            State, name, coordinator, Socket, Root, Collateral, Policy,
        };
        command.SetAction((parsed, token) => RunAsync(
            stop => TrusteeHost.RunAsync(Options(parsed, name, coordinator), terminal.Error, TimeProvider.System, stop), token));
        return command;
    }

    private static string? LocalMode => Environment.GetEnvironmentVariable("LOCAL_MODE");

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.TryParse(text, out int value) && value > 0 ? value : throw new CommandException($"{variable} is {text}, no number above 0")
        : null;

    private static Option<int> Port(int value)
    {
        var port = new Option<int>("--port") { Description = "port to listen on", DefaultValueFactory = _ => value };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 65535)
                result.AddError("--port: 1 to 65535");
        });
        return port;
    }

    private static (Option<string> Name, Option<Uri> Coordinator) Peer(string name) => (
        new Option<string>("--name") { Description = "name for people", DefaultValueFactory = _ => name },
        CoordinatorOption.Create());

    private static AgentOptions Options(ParseResult parsed, Option<string> name, Option<Uri> coordinator) => new()
    {
        Name = parsed.GetValue(name)!,
        Coordinator = parsed.GetValue(coordinator)!,
        State = parsed.GetValue(State)!,
        LocalMode = LocalMode,
        Socket = parsed.GetValue(Socket),
        DevelopmentRoot = parsed.GetValue(Root),
        Collateral = parsed.GetValue(Collateral),
        Policy = parsed.GetValue(Policy)!,
    };

    private static async Task<int> RunAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        ParentGuard.Arm();
        using var signals = new ProgramSignals();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellationToken);
        try
        {
            await run(both.Token);
            return ExitCode.Good;
        }
        catch (SettingException e)
        {
            throw new CommandException(e.Message, e.Hint);
        }
        catch (StoreException e)
        {
            throw new CommandException(e.Message, "check the state directory", ExitCode.Undecided);
        }
        catch (DstackException e)
        {
            throw new CommandException(e.Message, "is the guest agent running?", ExitCode.Undecided);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CommandException(e.Message, "check the state directory");
        }
    }
}

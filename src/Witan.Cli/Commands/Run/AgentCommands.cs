using System.CommandLine;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Coordinator;
using Witan.Coordinator.Stores;
using Witan.Dstack;
using Witan.Trustee;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;

namespace Witan.Cli.Commands.Run;

/// <summary><c>witan coordinator</c>, <c>witan worker</c>, <c>witan trustee</c>: one agent in this process.</summary>
public static class AgentCommands
{
    private static readonly Option<string> State = new("--state") { Description = "directory for what must survive a restart", Required = true };
    private static readonly Option<string?> Authority = CoordinatorOption.Authority();
    private static readonly Option<string?> Socket = new("--socket") { Description = "the guest agent's socket (default: the usual places)" };
    private static readonly Option<string?> Root = new("--development-root") { Description = "trust this root (PEM) instead of Intel's; marks everything as simulated" };
    private static readonly Option<string?> Collateral = new("--collateral") { Description = "collateral to judge peers' evidence with" };
    private static readonly Option<string> Policy = new("--policy") { Description = "policy: phala, phala-docs, strict, or a file (witan.council-policy/1)", DefaultValueFactory = _ => "phala" };

    public static Command Coordinator(Terminal terminal)
    {
        var store = new Option<string?>("--store") { Description = "postgres:// URL of a store that several coordinators share (default: WITAN_STORE, else a file in the state directory)" };
        var listen = new Option<string>("--listen") { Description = "address to listen on", DefaultValueFactory = _ => "127.0.0.1" };
        Option<int> port = Port(3000);
        var requester = new Option<string[]>("--requester") { Description = "Ed25519 key that may propose, in hexadecimal; repeatable" };
        var tier = new Option<int>("--worst-tier") { Description = "worst confidence level that is admitted", DefaultValueFactory = _ => 5 };
        var least = new Option<int?>("--min-workers") { Description = "fewest workers on a roster (default: MIN_WORKERS, else the policy's)" };
        var most = new Option<int?>("--max-workers") { Description = "most workers on a roster (default: MAX_WORKERS, else the policy's)" };
        var instances = new Option<int?>("--instances-per-platform") { Description = "how many voters of a roster may run on one platform, 0 for any number (default: the policy's)" };
        var settlement = new Option<string>("--settlement")
        {
            Description = "where decisions are settled: local-record, or webhook:https://HOST/PATH",
            DefaultValueFactory = _ => "local-record",
        };
        var rate = new Option<int>("--requests-per-second") { Description = "requests a second from one address, or one agent; 0 for no limit", DefaultValueFactory = _ => 1000 };
        rate.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < 0)
                result.AddError("--requests-per-second: 0 or more");
        });
        var connections = new Option<int>("--max-connections") { Description = "connections that are open at once", DefaultValueFactory = _ => 20_000 };
        connections.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < 1)
                result.AddError("--max-connections: 1 or more");
        });
        var metrics = new Option<bool>("--metrics") { Description = "let /metrics answer everyone, not this machine alone" };
        var tls = new Option<string?>("--tls-certificate") { Description = "PEM file with the TLS certificate chain" };
        var tlsKey = new Option<string?>("--tls-key") { Description = "PEM file with the certificate's private key" };
        var command = new Command("coordinator", "Keep records: admit workers and trustees, take ballots, publish decisions.")
        {
            State, store, listen, port, Socket, Root, Collateral, Policy, tier, requester, least, most, instances, settlement, tls, tlsKey, rate, connections, metrics,
        };
        command.SetAction((parsed, token) => RunAsync(stop => CoordinatorHost.RunAsync(
            new CoordinatorOptions
            {
                State = parsed.GetValue(State)!,
                Store = parsed.GetValue(store) ?? Environment.GetEnvironmentVariable("WITAN_STORE"),
                Listen = parsed.GetValue(listen)!,
                Port = parsed.GetValue(port),
                LocalMode = LocalMode,
                Socket = parsed.GetValue(Socket),
                DevelopmentRoot = parsed.GetValue(Root),
                Collateral = parsed.GetValue(Collateral),
                Policy = parsed.GetValue(Policy)!,
                WorstLevel = parsed.GetValue(tier),
                Requesters = parsed.GetValue(requester) ?? [],
                MinimumWorkers = parsed.GetValue(least) ?? EnvironmentNumber.Of("MIN_WORKERS"),
                TlsCertificate = parsed.GetValue(tls),
                TlsKey = parsed.GetValue(tlsKey),
                InstancesPerPlatform = parsed.GetValue(instances),
                MaximumWorkers = parsed.GetValue(most) ?? EnvironmentNumber.Of("MAX_WORKERS"),
                Target = parsed.GetValue(settlement)!,
                RequestsPerSecond = parsed.GetValue(rate),
                MaximumConnections = parsed.GetValue(connections),
                Metrics = parsed.GetValue(metrics),
                Origins = Origins(parsed, new(StringComparer.Ordinal)
                {
                    [nameof(CoordinatorOptions.State)] = (State, ""),
                    [nameof(CoordinatorOptions.Store)] = (store, "WITAN_STORE"),
                    [nameof(CoordinatorOptions.Listen)] = (listen, ""),
                    [nameof(CoordinatorOptions.Port)] = (port, ""),
                    [nameof(CoordinatorOptions.Socket)] = (Socket, ""),
                    [nameof(CoordinatorOptions.DevelopmentRoot)] = (Root, ""),
                    [nameof(CoordinatorOptions.Collateral)] = (Collateral, ""),
                    [nameof(CoordinatorOptions.Policy)] = (Policy, ""),
                    [nameof(CoordinatorOptions.WorstLevel)] = (tier, ""),
                    [nameof(CoordinatorOptions.MinimumWorkers)] = (least, "MIN_WORKERS"),
                    [nameof(CoordinatorOptions.MaximumWorkers)] = (most, "MAX_WORKERS"),
                    [nameof(CoordinatorOptions.InstancesPerPlatform)] = (instances, ""),
                    [nameof(CoordinatorOptions.Requesters)] = (requester, ""),
                    [nameof(CoordinatorOptions.TlsCertificate)] = (tls, ""),
                    [nameof(CoordinatorOptions.TlsKey)] = (tlsKey, ""),
                    [nameof(CoordinatorOptions.Target)] = (settlement, ""),
                    [nameof(CoordinatorOptions.RequestsPerSecond)] = (rate, ""),
                    [nameof(CoordinatorOptions.MaximumConnections)] = (connections, ""),
                    [nameof(CoordinatorOptions.Metrics)] = (metrics, ""),
                }),
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
        var owner = new Option<string?>("--owner") { Description = "Ed25519 key that may add to this worker's memory, in hexadecimal (default: WITAN_OWNER, else nobody)" };
        var notes = new Option<string?>("--notes") { Description = "notes that the owner signed with witan worker memory sign, taken in at the start (default: WITAN_NOTES)" };
        var window = new Option<string?>("--cast-window") { Description = "seconds; ballots are cast at a random moment of the window after deciding (default: WITAN_CAST_WINDOW, else the longest that deciding may take)" };
        (Option<string> name, Option<Uri[]> coordinator) = Peer("worker");
        var command = new Command("worker", "Deliberate and vote: attest, take tasks, cast ballots.")
        {
            State, name, coordinator, Authority, profile, port, owner, notes, window, Socket, Root, Collateral, Policy,
        };
        command.SetAction((parsed, token) => RunAsync(async stop =>
        {
            byte[] file = InputFile.Read(parsed.GetValue(profile)!, 1 << 20);
            using HttpClient http = Deliberators.Client();
            AgentOptions agent = Options(parsed, name, coordinator, new(StringComparer.Ordinal)
            {
                ["Profile"] = (profile, ""),
                [nameof(WorkerOptions.Port)] = (port, ""),
                [nameof(WorkerOptions.Owner)] = (owner, "WITAN_OWNER"),
                [nameof(WorkerOptions.Notes)] = (notes, "WITAN_NOTES"),
                [nameof(WorkerOptions.CastWindow)] = (window, "WITAN_CAST_WINDOW"),
            });
            IDeliberator deliberator;
            SignedProfile signed;
            try
            {
                signed = SignedProfile.Of(file, TextOrFile.Of(parsed.GetValue(profile)!));
                deliberator = Deliberators.Create(signed.Profile, agent, http, TimeProvider.System);
            }
            catch (FormatException e)
            {
                throw new CommandException($"{parsed.GetValue(profile)}: {e.Message}", "examples/profiles shows the form");
            }

            Digest? ownedBy = WorkerOptions.ParseOwner(parsed.GetValue(owner) ?? Environment.GetEnvironmentVariable("WITAN_OWNER"));
            var worker = new WorkerOptions
            {
                Port = parsed.GetValue(port),
                Owner = ownedBy,
                Notes = WorkerOptions.ReadNotes(parsed.GetValue(notes) ?? Environment.GetEnvironmentVariable("WITAN_NOTES"), ownedBy),
                CastWindow = WorkerOptions.ParseCastWindow(parsed.GetValue(window) ?? Environment.GetEnvironmentVariable("WITAN_CAST_WINDOW")),
            };
            await WorkerHost.RunAsync(agent, worker, deliberator, terminal.Error, TimeProvider.System, stop, signed);
        }, token));
        command.Add(MemoryCommand.Create(terminal));
        command.Add(ProfileCommand.Create(terminal));
        return command;
    }

    public static Command Trustee(Terminal terminal)
    {
        (Option<string> name, Option<Uri[]> coordinator) = Peer("trustee");
        var command = new Command("trustee", "Hold a share of the key: open one sum a proposal, and nothing else.")
        {
            State, name, coordinator, Authority, Socket, Root, Collateral, Policy,
        };
        command.SetAction((parsed, token) => RunAsync(
            stop => TrusteeHost.RunAsync(Options(parsed, name, coordinator, []), terminal.Error, TimeProvider.System, stop), token));
        return command;
    }

    private static Dictionary<string, string> Origins(ParseResult parsed, Dictionary<string, (Option Option, string Variable)> settings)
    {
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, (Option option, string variable)) in settings)
        {
            if (parsed.GetResult(option) is { Implicit: false })
                origins[name] = "option";
            else if (variable.Length > 0 && Environment.GetEnvironmentVariable(variable) is not null)
                origins[name] = "environment";
        }

        if (LocalMode is not null)
            origins[nameof(CoordinatorOptions.LocalMode)] = "environment";
        return origins;
    }

    private static string? LocalMode => Environment.GetEnvironmentVariable("LOCAL_MODE");

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

    private static (Option<string> Name, Option<Uri[]> Coordinator) Peer(string name) => (
        new Option<string>("--name") { Description = "name for people", DefaultValueFactory = _ => name },
        CoordinatorOption.CreateSeveral());

    private static AgentOptions Options(
        ParseResult parsed, Option<string> name, Option<Uri[]> coordinator, Dictionary<string, (Option Option, string Variable)> more) => new()
        {
            Name = parsed.GetValue(name)!,
            Coordinator = parsed.GetValue(coordinator)![0],
            OtherCoordinators = parsed.GetValue(coordinator)![1..],
            CoordinatorAuthority = parsed.GetValue(Authority),
            State = parsed.GetValue(State)!,
            LocalMode = LocalMode,
            Socket = parsed.GetValue(Socket),
            DevelopmentRoot = parsed.GetValue(Root),
            Collateral = parsed.GetValue(Collateral),
            Policy = parsed.GetValue(Policy)!,
            Origins = Origins(parsed, new(more, StringComparer.Ordinal)
            {
                [nameof(AgentOptions.Name)] = (name, ""),
                [nameof(AgentOptions.Coordinator)] = (coordinator, ""),
                [nameof(AgentOptions.OtherCoordinators)] = (coordinator, ""),
                [nameof(AgentOptions.CoordinatorAuthority)] = (Authority, "WITAN_COORDINATOR_CA"),
                [nameof(AgentOptions.State)] = (State, ""),
                [nameof(AgentOptions.Socket)] = (Socket, ""),
                [nameof(AgentOptions.DevelopmentRoot)] = (Root, ""),
                [nameof(AgentOptions.Collateral)] = (Collateral, ""),
                [nameof(AgentOptions.Policy)] = (Policy, ""),
            }),
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
            throw new CommandException(e.Message, "check the state directory, or the database", ExitCode.Undecided);
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

using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Audit;
using Witan.Cli.Commands.Council;
using Witan.Cli.Commands.Propose;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Cli.Commands.Up;

/// <summary><c>witan up</c>: a council on this machine, from nothing to a decision that a second command audits.</summary>
public static class UpCommand
{
    public static Command Create(Terminal terminal)
    {
        var workers = new Option<int>("--workers") { Description = "how many workers", DefaultValueFactory = _ => 3 };
        var trustees = new Option<int>("--trustees") { Description = "how many trustees; more than half of them open the sum", DefaultValueFactory = _ => 3 };
        var simulated = new Option<bool>("--simulated") { Description = "run the whole attested path under a development root (default: LOCAL_MODE, no evidence)" };
        var propose = new Option<string?>("--propose") { Description = "put this proposal before the council" };
        var once = new Option<bool>("--once") { Description = "stop when it is decided" };
        var output = new Option<string>("--out") { Description = "where decision.json and the agents' state go", DefaultValueFactory = _ => "out" };
        var port = new Option<int>("--port") { Description = "first port: coordinator; workers follow", DefaultValueFactory = _ => 3000 };
        var profiles = new Option<string?>("--profiles") { Description = "folder with worker profiles (default: the four that ship)" };
        var json = new Option<bool>("--json") { Description = "print the decision as JSON" };
        var settlement = new Option<string>("--settlement")
        {
            Description = "where the decision is settled: local-record, or (not in LOCAL_MODE) webhook:URL",
            DefaultValueFactory = _ => "local-record",
        };
        var command = new Command("up", "Run a council on this machine: coordinator, workers and trustees as separate processes.")
        {
            workers, trustees, simulated, propose, once, output, port, profiles, json, settlement,
        };
        command.SetAction((parsed, token) => RunAsync(
            terminal,
            new UpSettings(
                parsed.GetValue(workers), parsed.GetValue(trustees), parsed.GetValue(simulated), parsed.GetValue(propose), parsed.GetValue(once),
                parsed.GetValue(output)!, parsed.GetValue(port), parsed.GetValue(profiles), parsed.GetValue(json), parsed.GetValue(settlement)!),
            token));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, UpSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Workers is < 1 or > 64 || settings.Trustees is < 1 or > 31)
            throw new CommandException("1 to 64 workers and 1 to 31 trustees run on one machine");
        if (settings.Port < 1 || settings.Port > settings.LastFirstPort)
            throw new CommandException($"--port {settings.Port}: 1 to {settings.LastFirstPort}, so that there is a port for each process that listens");
        if (settings.Once && settings.Propose is null)
            throw new CommandException("--once needs something to decide", "add --propose FILE");
        ProposalFile? proposal = settings.Propose is null ? null : ProposalFile.Parse(settings.Propose, InputFile.Read(settings.Propose, 1 << 20));
        string output = InputFile.WritableDirectory(settings.Out);
        string state = InputFile.WritableDirectory(Path.Combine(output, settings.Simulated ? "state-simulated" : "state"));
        byte[] requester = Requester(state);

        using var signals = new ProgramSignals();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellationToken);
        var settingsHere = settings with { Out = output };
        await using var council = new LocalCouncil(settingsHere, state);
        var progress = new UpProgress(terminal, settingsHere, council);
        // How it ends where it is stopped: what was asked for is not there until it is decided.
        int outcome = proposal is null ? ExitCode.Good : ExitCode.Undecided;
        try
        {
            await council.StartAsync(new Digest(Ed25519.PublicKey(requester)), stop.Token);
            await progress.WaitForAdmissionsAsync(stop.Token);
            if (proposal is null)
                await terminal.Error.WriteLineAsync($"the council is up at {council.Http.BaseAddress}; propose with: witan propose FILE --coordinator {council.Http.BaseAddress} --key {Path.Combine(state, "requester.key")}");
            else
                outcome = await DecideAsync(terminal, settingsHere, council, progress, proposal, requester, stop.Token);
            if (!settings.Once)
                await progress.WatchChildrenAsync(stop.Token);
            return outcome;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await terminal.Error.WriteLineAsync("stopping");
            return outcome;
        }
    }

    private static async Task<int> DecideAsync(
        Terminal terminal, UpSettings settings, LocalCouncil council, UpProgress progress, ProposalFile proposal, byte[] requester, CancellationToken cancellationToken)
    {
        ProposalBody body = proposal.ToBody(settings.FewestWorkers, settings.FewestWorkers, settings.Trustees, TimeProvider.System.GetUtcNow());
        ProposalSummary opened = await ProposeCommand.SubmitAsync(council.Http, body, requester, cancellationToken);
        await terminal.Error.WriteLineAsync($"proposed: {Terminal.Plain(body.Title)} ({opened.Id.Short()})");
        await progress.WaitForDecisionAsync(opened.Id, cancellationToken);
        byte[] file = await CouncilConnection.CallAsync(council.Http, client => client.GetBytesAsync($"v1/proposals/{opened.Id}/decision", cancellationToken));
        string path = Path.Combine(settings.Out, "decision.json");

        // What is shown is what the file proves, not what the coordinator said.
        AuditReport report = SlowAudit.Run(terminal, file, new AuditOptions { Proposal = opened.Id });
        DecisionPrinter.Print(terminal, report, path, settings.Json);
        OutputFile.Write(path, file);
        DecisionPrinter.RequireHolds(report, path);
        return report.State!.Outcome is null ? ExitCode.Undecided : ExitCode.Good;
    }

    private static byte[] Requester(string state)
    {
        string path = Path.Combine(state, "requester.key");
        if (!File.Exists(path))
            OutputFile.Write(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))));
        return RequesterKey.Read(path);
    }
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Audit;

/// <summary><c>witan audit</c>: recompute a published decision offline.</summary>
public static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "a published decision (decision.json); - reads standard input" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.audit/1)" };
        var production = new Option<bool>("--production") { Description = "reject local and simulated records: what a production verifier does" };
        var policy = new Option<string?>("--policy") { Description = "reject a record made under another policy than this: phala, phala-docs, strict, or a file (witan.council-policy/1)" };
        var coordinator = new Option<string?>("--coordinator") { Description = "reject a record that another coordinator signed: its Ed25519 key, 64 hexadecimal digits" };
        var collateral = new Option<string?>("--collateral") { Description = "collateral file: judge the evidence that the trustees put into the record; --production wants it" };
        var root = new Option<string?>("--development-root") { Description = "PEM file of a simulator's root; without it Intel's counts" };
        var receipts = new Option<string[]>("--receipt") { Description = "what a worker was answered (ballots/ID.answer.json): reject a record that does not hold its ballot", AllowMultipleArgumentsPerToken = true };
        var command = new Command("audit", "Recompute a published decision offline: chain, roster, ballots, sum, decryption, outcome.")
        {
            file, production, policy, coordinator, collateral, root, receipts, json,
        };
        command.SetAction(parsed =>
        {
            bool inProduction = parsed.GetValue(production);
            if (inProduction && parsed.GetValue(root) is not null)
                throw new CommandException("--production takes no --development-root: what is judged under one is simulated");
            CouncilPolicy? expected = Policy(parsed.GetValue(policy));
            EvidenceJudge? judge = Judge(parsed.GetValue(collateral), parsed.GetValue(root), expected);
            CastAnswer[] answers = [.. (parsed.GetValue(receipts) ?? []).Select(Answer)];
            var options = new AuditOptions
            {
                Mode = inProduction ? ExecutionMode.Production : ExecutionMode.Local,
                Policy = expected,
                Coordinator = Key(parsed.GetValue(coordinator)),
                Receipts = [.. answers.Select(answer => answer.Receipt!)],
                Checkpoints = [.. answers.Select(answer => answer.Checkpoint)],
            };
            AuditReport report = SlowAudit.Run(terminal, InputFile.Read(parsed.GetValue(file)!, Voting.Audit.MaximumBytes), options);
            EvidenceAudit evidence = EvidenceAudit.Of(report.Valid ? report.State : null, judge);
            if (evidence.State == "rejected")
                report = report with { Valid = false, Problem = evidence.Problem };
            // Whoever asks for production asks what stands behind the shares of the key, too.
            bool undecided = report.Valid && (evidence.State == "undecided" || (inProduction && evidence.State == "not judged"));
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(AuditJson.Of(report, undecided, evidence), AuditJsonContext.Default.AuditJson));
            else if (undecided)
                terminal.Out.WriteLine($"{terminal.Doubt("? undecided")}  {Terminal.Plain(Undecided(evidence))}");
            else
                Write(terminal, report, evidence);
            return undecided ? ExitCode.Undecided : report.Valid ? ExitCode.Good : ExitCode.Rejected;
        });
        return command;
    }

    internal static string Undecided(EvidenceAudit evidence) =>
        evidence.Problem ?? "all but the trustees' evidence holds, and that was not judged: give collateral of their platforms with --collateral FILE";

    private static EvidenceJudge? Judge(string? collateral, string? root, CouncilPolicy? policy)
    {
        if (collateral is null)
            return null;
        try
        {
            return JudgeSettings.Create(collateral, root, policy ?? PolicySettings.Read("phala"), TimeProvider.System);
        }
        catch (SettingException e)
        {
            throw new CommandException(e.Message, e.Hint);
        }
    }

    private static CastAnswer Answer(string path)
    {
        if (!StrictJson.TryRead(InputFile.Read(path, 1 << 20), WireJson.Default.CastAnswer, out CastAnswer? answer, out string? problem))
            throw new CommandException($"{path} is no answer to a ballot: {problem}", "a worker keeps them in its state directory: ballots/ID.answer.json");
        return answer.Receipt is not null ? answer : throw new CommandException($"{path} holds no receipt: the ballot was refused", answer.Message);
    }

    private static CouncilPolicy? Policy(string? policy)
    {
        try
        {
            return policy is null ? null : PolicySettings.Read(policy);
        }
        catch (SettingException e)
        {
            throw new CommandException(e.Message, e.Hint);
        }
    }

    private static Digest? Key(string? coordinator) =>
        coordinator is null ? null
        : Digest.TryParse(coordinator, out Digest key) ? key
        : throw new CommandException("--coordinator is no key", "64 lower-case hexadecimal digits: keys.signing in the answer of the coordinator's /v1/evidence");

    private static void Write(Terminal terminal, AuditReport report, EvidenceAudit evidence)
    {
        if (!report.Valid)
        {
            terminal.Out.WriteLine($"{terminal.Bad("✗ invalid")}  {Terminal.Plain(report.Problem)}");
            return;
        }

        RecordState state = report.State!;
        terminal.Out.WriteLine($"{terminal.Good("✓ valid")}  {Terminal.Plain(state.Body.Title)}");
        terminal.Out.WriteLine($"  proposal     {state.ProposalId}");
        terminal.Out.WriteLine($"  decision     {DecisionText.Of(state)}");
        for (int i = 0; i < state.Counts.Count; i++)
            terminal.Out.WriteLine($"    {Terminal.Plain(state.Body.Options[i]),-12} {state.Counts[i],6}");
        terminal.Out.WriteLine($"  ballots      {state.Ballots.Count} of {state.Roster.Count} on the roster; every proof and signature checked");
        terminal.Out.WriteLine($"  trustees     {state.Partials.Count} partial decryptions checked, {state.Body.Threshold} of {state.Body.Trustees} needed");
        if (evidence.State != "none")
            terminal.Out.WriteLine($"  evidence     of the trustees: {evidence.State}{(evidence.State == "not judged" ? "; --collateral FILE judges it" : "")}");
        terminal.Out.WriteLine($"  record       {state.Size} events, head {state.Head}");
        terminal.Out.WriteLine($"  policy       {Terminal.Plain(state.Opening.PolicyName)} {state.Opening.Policy}");
        terminal.Out.WriteLine($"  coordinator  {state.Opening.Coordinator}");
        foreach (string warning in report.Warnings)
            terminal.Out.WriteLine($"  {terminal.Doubt("! warning")}    {Terminal.Plain(warning)}");
    }
}

/// <summary>A decision in words, for one line of a terminal: the options are the requester's, the explanation is the coordinator's.</summary>
internal static class DecisionText
{
    public static string Of(RecordState state) => Terminal.Plain(state.Outcome switch
    {
        { Decision: Decision.Approved, Winner: { } winner } => $"Approved: {state.Body.Options[winner]}",
        { } outcome => outcome.Decision.ToString(),
        null => $"none ({state.State}{(state.Explanation is null ? "" : ": " + state.Explanation)})",
    });
}

internal sealed record AuditJson(
    string Schema,
    bool Valid,
    string? Problem,
    long? FailedEvent,
    string? Proposal,
    string? Title,
    string? State,
    string? Decision,
    string? Winner,
    IReadOnlyDictionary<string, long>? Counts,
    int? Ballots,
    int? Roster,
    long? Events,
    string? Head,
    string? Mark,
    string? Policy,
    string? PolicyHash,
    string? Coordinator,
    string? Evidence,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The JSON of a report; of one that is <paramref name="undecided"/>, valid is false and the problem says why.</summary>
    public static AuditJson Of(AuditReport report, bool undecided = false, EvidenceAudit? evidence = null)
    {
        evidence ??= EvidenceAudit.Of(report.Valid ? report.State : null, null);
        RecordState? state = report.Valid ? report.State : null;
        return new AuditJson(
            "witan.audit/1",
            report.Valid && !undecided,
            undecided ? AuditCommand.Undecided(evidence) : report.Problem,
            report.FailedEvent,
            state?.ProposalId.ToString(),
            state?.Body.Title,
            state?.State.ToString(),
            state?.Outcome?.Decision.ToString(),
            state?.Outcome?.Winner is { } winner ? state.Body.Options[winner] : null,
            state?.Counts.Select((count, i) => (state.Body.Options[i], count)).ToDictionary(pair => pair.Item1, pair => pair.count, StringComparer.Ordinal),
            state?.Ballots.Count,
            state?.Roster.Count,
            state?.Size,
            state?.Head.ToString(),
            state?.Mode.Mark(),
            state?.Opening.PolicyName,
            state?.Opening.Policy.ToString(),
            state?.Opening.Coordinator.ToString(),
            state is null && evidence.State == "none" ? null : evidence.State,
            report.Warnings);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AuditJson))]
internal sealed partial class AuditJsonContext : JsonSerializerContext;

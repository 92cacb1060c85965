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
        var command = new Command("audit", "Recompute a published decision offline: chain, roster, ballots, sum, decryption, outcome.") { file, production, policy, coordinator, json };
        command.SetAction(parsed =>
        {
            var options = new AuditOptions
            {
                Mode = parsed.GetValue(production) ? ExecutionMode.Production : ExecutionMode.Local,
                Policy = PolicyHash(parsed.GetValue(policy)),
                Coordinator = Key(parsed.GetValue(coordinator)),
            };
            AuditReport report = SlowAudit.Run(terminal, InputFile.Read(parsed.GetValue(file)!, Voting.Audit.MaximumBytes), options);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(AuditJson.Of(report), AuditJsonContext.Default.AuditJson));
            else
                Write(terminal, report);
            return report.Valid ? ExitCode.Good : ExitCode.Rejected;
        });
        return command;
    }

    private static Digest? PolicyHash(string? policy)
    {
        try
        {
            return policy is null ? null : PolicySettings.Read(policy).Hash();
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

    private static void Write(Terminal terminal, AuditReport report)
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
    IReadOnlyList<string> Warnings)
{
    public static AuditJson Of(AuditReport report)
    {
        RecordState? state = report.Valid ? report.State : null;
        return new AuditJson(
            "witan.audit/1",
            report.Valid,
            report.Problem,
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
            report.Warnings);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AuditJson))]
internal sealed partial class AuditJsonContext : JsonSerializerContext;

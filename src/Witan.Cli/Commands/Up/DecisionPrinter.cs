using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Audit;
using Witan.Voting;

namespace Witan.Cli.Commands.Up;

/// <summary>Prints a decision to people, or as JSON. One that does not hold is printed as JSON alone: people get the sentence of <see cref="RequireHolds"/>.</summary>
internal static class DecisionPrinter
{
    public static void Print(Terminal terminal, AuditReport report, string? path, bool json)
    {
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(AuditJson.Of(report), AuditJsonContext.Default.AuditJson));
            return;
        }

        if (!report.Valid)
            return;
        RecordState state = report.State!;
        string decision = DecisionText.Of(state);
        terminal.Out.WriteLine($"{(state.Outcome?.Decision == Decision.Approved ? terminal.Good(decision) : terminal.Bold(decision))}  {Terminal.Plain(state.Body.Title)}");
        terminal.Out.WriteLine($"  proposal {state.ProposalId}");
        for (int i = 0; i < state.Counts.Count; i++)
            terminal.Out.WriteLine($"  {Terminal.Plain(state.Body.Options[i]),-12} {state.Counts[i],6}");
        terminal.Out.WriteLine($"  {state.Ballots.Count} of {state.Roster.Count} ballots; nobody saw a single vote");
        foreach (string warning in report.Warnings)
            terminal.Out.WriteLine($"  {terminal.Doubt("! warning")}  {Terminal.Plain(warning)}");
        terminal.Out.WriteLine(path is null
            ? "  keep the record to audit it offline: add --out FILE"
            : $"  audit it offline: witan audit {Path.GetRelativePath(Environment.CurrentDirectory, path)}");
    }

    /// <summary>Ends the command where the record does not hold.</summary>
    public static void RequireHolds(AuditReport report, string? path)
    {
        if (!report.Valid)
            throw new CommandException($"the coordinator's record does not hold: {report.Problem}", $"keep {path ?? "the file (--out)"} as evidence against the coordinator", ExitCode.Rejected);
    }
}

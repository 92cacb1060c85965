using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>A verdict for people: the outcome, the level with its rule, then what matters.</summary>
internal static class VerifyText
{
    public static void Write(Terminal terminal, VerifyResult result, bool explain)
    {
        Verdict verdict = result.Verdict;
        string outcome = verdict.Outcome switch
        {
            AppraisalOutcome.Accepted => terminal.Good("✓ accepted"),
            AppraisalOutcome.Rejected => terminal.Bad("✗ rejected"),
            _ => terminal.Doubt("? undecided"),
        };
        terminal.Out.WriteLine($"{outcome}  {result.File}{(verdict.IsSimulated ? "  (simulated)" : "")}");
        if (result.Quote is { } quote)
            terminal.Out.WriteLine($"  evidence     {quote.Tee.ToString().ToUpperInvariant()} quote of version {quote.Version}{(quote.IsDebug ? ", debug" : "")}");
        if (result.Facts?.Tcb is { } tcb)
        {
            terminal.Out.WriteLine($"  tcb          {tcb.Status?.ToString() ?? "no level matches"}{(tcb.Date is { } date ? $" of {date:yyyy-MM-dd}" : "")}, evaluation number {tcb.EvaluationDataNumber}");
            if (tcb.AdvisoryIds.Count > 0)
                terminal.Out.WriteLine($"  advisories   {string.Join(", ", tcb.AdvisoryIds)}");
            foreach (TcbShortfall item in tcb.Shortfall)
                terminal.Out.WriteLine($"  short        {item.Component}: has {item.Have}, needs {item.Need}; raised by: {item.Update}");
        }

        terminal.Out.WriteLine($"  level        {verdict.ConfidenceLevel?.ToString() ?? "none"} by policy {verdict.Policy}: {verdict.LevelRule}");
        foreach (Finding finding in verdict.Findings.Where(finding => explain || finding.Severity >= FindingSeverity.Warning))
            WriteFinding(terminal, finding, explain);
        terminal.Out.WriteLine($"confidenceLevel = {verdict.ConfidenceLevel?.ToString() ?? "none"}");
    }

    private static void WriteFinding(Terminal terminal, Finding finding, bool explain)
    {
        string mark = finding.Severity switch
        {
            FindingSeverity.Error => terminal.Bad("✗"),
            FindingSeverity.Note => terminal.Dim("·"),
            _ => terminal.Doubt("!"),
        };
        terminal.Out.WriteLine($"  {mark} {finding.Code}  {finding.Message}{(finding.Offset is { } offset ? $" (offset {offset})" : "")}");
        if (finding.Remedy is { } remedy)
            terminal.Out.WriteLine($"      fix: {remedy} ({Words(finding.Actor)})");
        if (explain && finding.Evidence is { } evidence)
            terminal.Out.WriteLine(terminal.Dim($"      seen: {evidence}"));
    }

    private static string Words(FindingActor actor) => actor switch
    {
        FindingActor.PlatformOperator => "platform operator",
        FindingActor.WorkloadOwner => "workload owner",
        FindingActor.VerifierOperator => "verifier's operator",
        FindingActor.Sender => "sender",
        _ => "nobody",
    };
}

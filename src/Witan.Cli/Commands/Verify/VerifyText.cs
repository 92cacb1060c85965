using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.SgxTest;

namespace Witan.Cli.Commands.Verify;

/// <summary>A verdict for people: the outcome, the level with its rule, then what matters. What evidence says of itself is shown as plain text.</summary>
internal static class VerifyText
{
    public static void Write(Terminal terminal, TextWriter output, VerifyResult result, bool explain)
    {
        Verdict verdict = result.Verdict;
        string outcome = verdict.Outcome switch
        {
            AppraisalOutcome.Accepted => terminal.Good("✓ accepted"),
            AppraisalOutcome.Rejected => terminal.Bad("✗ rejected"),
            _ => terminal.Doubt("? undecided"),
        };
        output.WriteLine($"{outcome}  {Terminal.Plain(result.File)}{(verdict.IsSimulated ? "  (simulated)" : "")}");
        if (result.Quote is { } quote)
            output.WriteLine(Terminal.Plain($"  evidence     {quote.Tee.ToString().ToUpperInvariant()} quote of version {quote.Version}{(quote.IsDebug ? ", debug" : "")}"));
        foreach (string line in result.Guest is { } guest ? DstackReport.Lines(guest) : [])
            output.WriteLine(Terminal.Plain("  " + line));
        if (result.Ias is { } ias)
            IasText.Write(output, ias);
        if (result.Token is { } token)
            TokenText.Write(output, token);
        if (result.Facts?.Tcb is { } tcb)
        {
            output.WriteLine(Terminal.Plain($"  tcb          {tcb.Status?.ToString() ?? "no level matches"}{(tcb.Date is { } date ? $" of {date:yyyy-MM-dd}" : "")}, evaluation number {tcb.EvaluationDataNumber}"));
            if (tcb.AdvisoryIds.Count > 0)
                output.WriteLine(Terminal.Plain($"  advisories   {string.Join(", ", tcb.AdvisoryIds)}"));
            foreach (TcbShortfall item in tcb.Shortfall)
                output.WriteLine(Terminal.Plain($"  short        {item.Component}: has {item.Have}, needs {item.Need}; raised by: {item.Update}"));
            if (tcb.TargetStatus is { } target and not TcbStatus.UpToDate)
                output.WriteLine(Terminal.Plain($"  best         {target}: Intel's document has no better level for this platform"));
        }

        foreach (TcbStep step in explain ? result.Facts?.Tcb?.Steps ?? [] : [])
            output.WriteLine(Terminal.Plain(Words(step)));
        output.WriteLine(Terminal.Plain($"  level        {verdict.ConfidenceLevel?.ToString() ?? "none"} by policy {verdict.Policy}: {verdict.LevelRule}"));
        (TcbStatus? Status, IReadOnlyList<string> AdvisoryIds)? state = result.Facts?.Tcb is { } quoted ? (quoted.Status, quoted.AdvisoryIds)
            : result.Ias is { } reported ? (reported.TcbStatus, reported.Report.AdvisoryIds) : null;
        if (state is { } known && verdict.ConfidenceLevel is not null && PublishedTable(known.Status, known.AdvisoryIds, verdict) is { } table)
            output.WriteLine(Terminal.Plain($"               {table}"));
        if (verdict.EffectiveTier != verdict.ConfidenceLevel)
            output.WriteLine(Terminal.Plain($"  tier         {verdict.EffectiveTier?.ToString() ?? "none"}: {string.Join(", ", verdict.Caps.Select(cap => cap.Code))}"));
        if (explain || verdict.Provenance.Level != Provenance.P0)
            output.WriteLine(Terminal.Plain($"  provenance   {verdict.Provenance.Level}: {verdict.Provenance.Evidence}"));
        if (result.Forecast is { } next)
            output.WriteLine(Terminal.Plain($"  next set     {next.Tcb?.Status?.ToString() ?? "no level matches"} under evaluation number {next.EvaluationDataNumber}, level {next.ConfidenceLevel?.ToString() ?? "none"}: {(next.WouldPass ? "would pass" : "would be rejected")}"));
        foreach (string id in explain ? state?.AdvisoryIds ?? [] : [])
            output.WriteLine(Terminal.Plain($"  {id}  {Advisories.Describe(id)}"));
        foreach (Finding finding in verdict.Findings.Where(finding => explain || finding.Severity >= FindingSeverity.Warning))
            WriteFinding(terminal, output, finding, explain);
        output.WriteLine(Terminal.Plain($"confidenceLevel = {verdict.ConfidenceLevel?.ToString() ?? "none"}"));
    }

    /// <summary>What the published table says, where it says something else: it is what people look the number up in.</summary>
    internal static string? PublishedTable(TcbStatus? status, IReadOnlyList<string> advisories, Verdict verdict)
    {
        ConfidenceLevel table = ConfidenceLevels.Compute(LevelRule.PhalaDocs, status, advisories);
        return table.Level == verdict.ConfidenceLevel ? null : $"by the published table: {table.Level?.ToString() ?? "none"} ({table.Rule})";
    }

    private static void WriteFinding(Terminal terminal, TextWriter output, Finding finding, bool explain)
    {
        string mark = finding.Severity switch
        {
            FindingSeverity.Error => terminal.Bad("✗"),
            FindingSeverity.Note => terminal.Dim("·"),
            _ => terminal.Doubt("!"),
        };
        output.WriteLine($"  {mark} {finding.Code}  {Terminal.Plain(finding.Message)}{(finding.Offset is { } offset ? $" (offset {offset})" : "")}");
        if (finding.Remedy is { } remedy)
            output.WriteLine(Terminal.Plain($"      fix: {remedy} ({Words(finding.Actor)})"));
        if (explain && (finding.Why ?? FindingCatalog.Find(finding.Code)?.Meaning) is { } why)
            output.WriteLine(terminal.Dim($"      why: {why}"));
        if (explain && finding.Evidence is { } evidence)
            output.WriteLine(terminal.Dim(Terminal.Plain($"      seen: {evidence}")));
    }

    private static string Words(TcbStep step) =>
        $"  step         {step.Status} of {step.Date:yyyy-MM-dd} needs {string.Join(", ", step.Needs.Select(item => $"{item.Component} {item.Need}"))}"
        + (step.Removes.Count == 0 ? "" : $"; removes {string.Join(", ", step.Removes)}");

    internal static string Words(FindingActor actor) => actor switch
    {
        FindingActor.PlatformOperator => "platform operator",
        FindingActor.WorkloadOwner => "workload owner",
        FindingActor.VerifierOperator => "verifier's operator",
        FindingActor.Sender => "sender",
        _ => "nobody",
    };
}

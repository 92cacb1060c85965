using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Verify;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>The part of the report about remote attestation, in the lines and order of Phala Network's guide "Worker Confidence Level".</summary>
internal static class EvidenceText
{
    /// <summary>Where that guide sends the reader for advisories.</summary>
    public const string AdvisoryUrl = "https://security-center.intel.com";

    public static void Write(Terminal terminal, RatedEvidence? evidence, ReportStyle style)
    {
        TextWriter output = terminal.Out;
        if (evidence is null)
        {
            output.WriteLine("No evidence was rated. With --quote FILE --collateral FILE, or --ias-report FILE, this ends in a level.");
            output.WriteLine("confidenceLevel = none");
            return;
        }

        Verdict verdict = evidence.Verdict;
        output.WriteLine("Testing RA...");
        output.WriteLine(Terminal.Plain($"evidence: {evidence.Kind}{(verdict.IsSimulated ? ", simulated" : "")}{(evidence.Collateral is { } collateral ? $"; collateral: {collateral}" : "")}"));
        output.WriteLine($"isvEnclaveQuoteStatus = {Terminal.Plain(evidence.QuoteStatus ?? "none")}");
        foreach (string line in evidence.Blob)
            output.WriteLine(line);
        output.WriteLine($"advisoryURL = {Terminal.Plain(evidence.AdvisoryUrl ?? AdvisoryUrl)}");
        output.WriteLine($"advisoryIDs = {AdvisoryIds(evidence.AdvisoryIds)}");
        foreach (string id in evidence.AdvisoryIds ?? [])
            output.WriteLine(Terminal.Plain($"  {id}: {Advisories.Describe(id)}"));
        foreach (TcbShortfall item in evidence.Shortfall)
            output.WriteLine($"short: {item.Component} has {item.Have}, needs {item.Need}; raised by: {item.Update}");
        foreach (Finding finding in verdict.Findings.Where(finding => finding.Severity >= FindingSeverity.Warning))
        {
            string mark = style.Mark(finding.Severity == FindingSeverity.Error ? Mark.Fatal : Mark.Unknown);
            string remedy = finding.Remedy is { } text ? $". {text} ({VerifyText.Words(finding.Actor)})" : "";
            output.WriteLine($"{mark}{finding.Code}  {Terminal.Plain(finding.Message + remedy)}");
        }

        // Among them: that the chain of a report is checked at the report's own time.
        foreach (Finding finding in verdict.Findings.Where(finding => finding.Severity == FindingSeverity.Note))
            output.WriteLine(style.Dim($"note: {Terminal.Plain(finding.Message)}"));
        foreach (string line in TierText.Advice(evidence.QuoteStatus, evidence.Shortfall))
            output.WriteLine(line);
        output.WriteLine(Terminal.Plain($"policy {verdict.Policy}: {verdict.LevelRule}"));
        if (evidence.PublishedTable is { } table)
            output.WriteLine(table);
        // A debug enclave may have a level; what proves nothing about secrets is fit for none of them.
        foreach (string line in TierText.GoodFor(verdict.Outcome == AppraisalOutcome.Accepted ? verdict.ConfidenceLevel : null))
            output.WriteLine(line);
        output.WriteLine($"confidenceLevel = {verdict.ConfidenceLevel?.ToString() ?? "none"}");
    }

    // In the published table "none" is the best there is: what nobody looked up is not that.
    private static string AdvisoryIds(IReadOnlyList<string>? ids) => ids switch
    {
        null => "unknown",
        [] => "none",
        _ => string.Join(", ", ids.Select(id => $"\"{Terminal.Plain(id)}\"")),
    };
}

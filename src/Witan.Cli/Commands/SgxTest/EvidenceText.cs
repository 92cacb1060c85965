using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>The part of the report about remote attestation, in the lines and order of Phala Network's guide "Worker Confidence Level".</summary>
internal static class EvidenceText
{
    /// <summary>Where that guide sends the reader for advisories.</summary>
    public const string AdvisoryUrl = "https://security-center.intel.com";

    public static void Write(Terminal terminal, RatedEvidence? evidence)
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
        output.WriteLine($"advisoryIDs = {(evidence.AdvisoryIds.Count == 0 ? "none" : string.Join(", ", evidence.AdvisoryIds.Select(id => $"\"{Terminal.Plain(id)}\"")))}");
        foreach (string id in evidence.AdvisoryIds)
            output.WriteLine(Terminal.Plain($"  {id}: {Advisories.Describe(id)}"));
        foreach (TcbShortfall item in evidence.Shortfall)
            output.WriteLine($"short: {item.Component} has {item.Have}, needs {item.Need}; raised by: {item.Update}");
        foreach (Finding finding in verdict.Findings.Where(finding => finding.Severity >= FindingSeverity.Warning))
            output.WriteLine($"{(finding.Severity == FindingSeverity.Error ? terminal.Bad("✘") : terminal.Doubt("?"))}  {finding.Code}  {Terminal.Plain(finding.Message)}{(finding.Remedy is { } remedy ? $". {remedy}" : "")}");
        // Among them: that the chain of a report is checked at the report's own time.
        foreach (Finding finding in verdict.Findings.Where(finding => finding.Severity == FindingSeverity.Note))
            output.WriteLine(terminal.Dim($"note: {Terminal.Plain(finding.Message)}"));
        foreach (string line in TierText.Advice(evidence.QuoteStatus, evidence.Shortfall))
            output.WriteLine(line);
        output.WriteLine(Terminal.Plain($"policy {verdict.Policy}: {verdict.LevelRule}"));
        if (evidence.PublishedTable is { } table)
            output.WriteLine(table);
        foreach (string line in TierText.GoodFor(verdict.ConfidenceLevel))
            output.WriteLine(line);
        output.WriteLine($"confidenceLevel = {verdict.ConfidenceLevel?.ToString() ?? "none"}");
    }
}

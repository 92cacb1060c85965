using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>The part of the report about remote attestation, in the documents' lines and order.</summary>
internal static class EvidenceText
{
    /// <summary>Where the documents send the reader for advisories.</summary>
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
        output.WriteLine($"evidence: {evidence.Kind}{(verdict.IsSimulated ? ", simulated" : "")}{(evidence.Collateral is { } collateral ? $"; collateral: {collateral}" : "")}");
        output.WriteLine($"isvEnclaveQuoteStatus = {Shown(evidence.QuoteStatus ?? "none")}");
        foreach (string line in evidence.Blob)
            output.WriteLine(line);
        output.WriteLine($"advisoryURL = {Shown(evidence.AdvisoryUrl ?? AdvisoryUrl)}");
        output.WriteLine($"advisoryIDs = {(evidence.AdvisoryIds.Count == 0 ? "none" : string.Join(", ", evidence.AdvisoryIds.Select(id => $"\"{Shown(id)}\"")))}");
        foreach (string id in evidence.AdvisoryIds)
            output.WriteLine(Shown($"  {id}: {Advisories.Describe(id)}"));
        foreach (TcbShortfall item in evidence.Shortfall)
            output.WriteLine($"short: {item.Component} has {item.Have}, needs {item.Need}; raised by: {item.Update}");
        foreach (Finding finding in verdict.Findings.Where(finding => finding.Severity >= FindingSeverity.Warning))
            output.WriteLine($"{(finding.Severity == FindingSeverity.Error ? terminal.Bad("✘") : terminal.Doubt("?"))}  {finding.Code}  {Shown(finding.Message)}{(finding.Remedy is { } remedy ? $". {remedy}" : "")}");
        // Among them: that the chain of a report is checked at the report's own time.
        foreach (Finding finding in verdict.Findings.Where(finding => finding.Severity == FindingSeverity.Note))
            output.WriteLine(terminal.Dim($"note: {Shown(finding.Message)}"));
        foreach (string line in TierText.Advice(evidence.QuoteStatus, evidence.Shortfall))
            output.WriteLine(line);
        output.WriteLine(Shown($"policy {verdict.Policy}: {verdict.LevelRule}"));
        if (evidence.PublishedTable is { } table)
            output.WriteLine(table);
        foreach (string line in TierText.GoodFor(verdict.ConfidenceLevel))
            output.WriteLine(line);
        output.WriteLine($"confidenceLevel = {verdict.ConfidenceLevel?.ToString() ?? "none"}");
    }

    // A report that nobody has verified yet may hold anything: no line of its own in ours.
    private static string Shown(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));
}

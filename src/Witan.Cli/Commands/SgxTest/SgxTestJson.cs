using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Cli.Commands.Verify;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>The report as one JSON object of schema <c>witan.machine/1</c>.</summary>
internal static class SgxTestJson
{
    public static void Write(TextWriter output, MachineReport? report, RatedEvidence? evidence, SgxTestOutcome outcome)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, ReportJson.Layout))
        {
            json.WriteStartObject();
            json.WriteString("schema", ReportJson.Schema);
            json.WriteNumber("exitCode", outcome.ExitCode);
            json.WriteStartArray("unmet");
            foreach (string missing in outcome.Unmet)
                json.WriteStringValue(missing);
            json.WriteEndArray();
            if (report is not null)
                ReportJson.Write(json, report);
            if (evidence is not null)
                WriteEvidence(json, evidence);
            json.WritePropertyName("confidenceLevel");
            if (evidence?.Verdict.ConfidenceLevel is { } level)
                json.WriteNumberValue(level);
            else
                json.WriteNullValue();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    private static void WriteEvidence(Utf8JsonWriter json, RatedEvidence evidence)
    {
        json.WriteStartObject("evidence");
        json.WriteString("kind", evidence.Kind);
        json.WriteString("outcome", evidence.Verdict.Outcome.ToString().ToLowerInvariant());
        json.WriteString("isvEnclaveQuoteStatus", evidence.QuoteStatus);
        json.WriteString("policy", evidence.Verdict.Policy);
        json.WriteString("rule", evidence.Verdict.LevelRule);
        json.WriteString("publishedTable", evidence.PublishedTable);
        json.WriteString("collateral", evidence.Collateral);
        json.WriteBoolean("simulated", evidence.Verdict.IsSimulated);
        json.WriteString("advisoryURL", evidence.AdvisoryUrl ?? EvidenceText.AdvisoryUrl);
        if (evidence.AdvisoryIds is { } ids)
            Strings(json, "advisoryIDs", ids);
        else
            json.WriteNull("advisoryIDs");
        Strings(json, "platformInfoBlob", evidence.Blob);
        json.WriteStartArray("shortfall");
        foreach (TcbShortfall item in evidence.Shortfall)
        {
            json.WriteStartObject();
            json.WriteString("component", item.Component);
            json.WriteNumber("have", item.Have);
            json.WriteNumber("need", item.Need);
            json.WriteString("update", item.Update);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (Finding finding in evidence.Verdict.Findings)
        {
            json.WriteStartObject();
            json.WriteString("code", finding.Code);
            json.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
            json.WriteString("message", finding.Message);
            json.WriteString("evidence", finding.Evidence);
            json.WriteString("cause", finding.Why ?? FindingCatalog.Find(finding.Code)?.Meaning);
            json.WriteString("remedy", finding.Remedy);
            json.WriteString("actor", VerifyText.Words(finding.Actor));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}

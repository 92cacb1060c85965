using System.Text.Encodings.Web;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Machine;

/// <summary>Writes a report as JSON, schema <c>witan.machine/1</c>. Hidden checks are listed with the reason.</summary>
public static class ReportJson
{
    /// <summary>The schema.</summary>
    public const string Schema = "witan.machine/1";

    /// <summary>How the JSON is laid out.</summary>
    public static JsonWriterOptions Layout { get; } = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the properties of a report into an object that is open.</summary>
    public static void Write(Utf8JsonWriter json, MachineReport report)
    {
        MachineVerdict verdict = report.Verdict();
        json.WriteString("snapshot", report.Snapshot.Hash);
        json.WriteString("origin", report.Snapshot.Origin);
        json.WriteString("outcome", verdict.Outcome switch { MachineOutcome.Ready => "ready", MachineOutcome.NotReady => "not-ready", _ => "undecided" });
        json.WriteString("verdict", verdict.Sentence);
        json.WriteBoolean("sgxReady", report.IsSgxReady);
        json.WriteString("attestationPath", report.AttestationPath.ToString());
        json.WriteStartObject("tees");
        foreach (string name in report.TeeNames)
            json.WriteString(name, Name(report.MarkOf(name)!.Value));
        json.WriteEndObject();
        json.WriteStartArray("tree");
        foreach (ReportPart part in report.Parts)
            WriteCheck(json, part.Root, part.NotHere, null);
        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (ReportPart part in report.Parts)
        {
            if (part.NotHere is not null)
                continue;
            foreach ((Check check, string path) in part.Root.Visible())
            {
                if (check.Problem is { } problem)
                    WriteProblem(json, check.Id, path, problem);
            }
        }

        json.WriteEndArray();
    }

    internal static string Name(Mark mark) => mark switch
    {
        Mark.Supported => "supported",
        Mark.Unsupported => "unsupported",
        Mark.Fatal => "fatal",
        _ => "unknown",
    };

    // What hides a check or makes it meaningless stands at each below it too: a reader may take any one out of the tree.
    private static void WriteCheck(Utf8JsonWriter json, Check check, string? notHere, string? hiddenAbove)
    {
        string? hidden = check.HiddenBecause ?? hiddenAbove;
        json.WriteStartObject();
        json.WriteString("id", check.Id);
        json.WriteString("label", check.Label);
        if (check.HasMark || check.Id.StartsWith("sgx.feature.", StringComparison.Ordinal))
            json.WriteString("mark", Name(check.Mark));
        if (notHere is not null)
            json.WriteString("doesNotApply", notHere);
        if (hidden is not null)
        {
            json.WriteBoolean("hidden", true);
            json.WriteString("hiddenBecause", hidden);
        }

        if (check.Problem is { } problem)
            WriteAnswer(json, problem);

        if (check.Rule.Length > 0)
            json.WriteString("rule", check.Rule);
        if (check.Evidence.Length > 0)
        {
            json.WriteStartArray("evidence");
            foreach (string evidence in check.Evidence)
                json.WriteStringValue(evidence);
            json.WriteEndArray();
        }

        if (check.Children.Length > 0)
        {
            json.WriteStartArray("children");
            foreach (Check child in check.Children)
                WriteCheck(json, child, notHere, hidden);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteProblem(Utf8JsonWriter json, string id, string path, Problem problem)
    {
        Finding finding = problem.Finding;
        json.WriteStartObject();
        json.WriteString("check", id);
        json.WriteString("path", path);
        json.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
        json.WriteString("evidence", finding.Evidence);
        WriteAnswer(json, problem);
        json.WriteEndObject();
    }

    // What a reader needs to act, the same for a check of the tree (also a hidden one) and for a finding.
    private static void WriteAnswer(Utf8JsonWriter json, Problem problem)
    {
        json.WriteString("code", problem.Finding.Code);
        json.WriteString("state", problem.State.ToString().ToLowerInvariant());
        json.WriteString("message", problem.Finding.Message);
        json.WriteString("cause", problem.Finding.Why);
        json.WriteString("remedy", problem.Finding.Remedy);
        json.WriteString("actor", problem.ActorName);
    }
}

using System.Text;
using System.Text.Json;
using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Compose;

/// <summary>Results of a compose check as JSON (witan/compose-check/1): one object for one file, an array for several.</summary>
internal static class ComposeReportJson
{
    public static string Of(IReadOnlyList<CheckedFile> results)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            if (results.Count > 1)
                json.WriteStartArray();
            foreach (CheckedFile result in results)
                Write(json, result);
            if (results.Count > 1)
                json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, CheckedFile result)
    {
        json.WriteStartObject();
        json.WriteString("schema", "witan/compose-check/1");
        json.WriteString("file", result.Input.Path);
        json.WriteBoolean("passed", result.Report.Passed);
        json.WriteBoolean("corrected", result.Changed);
        json.WriteString("appCompose", Encoding.UTF8.GetString(result.Envelope));
        json.WriteString("composeHash", result.ComposeHash);
        json.WriteStartArray("services");
        foreach (ComposeServiceSummary service in result.Report.Services)
        {
            json.WriteStartObject();
            json.WriteString("name", service.Name);
            json.WriteString("role", service.Role.ToString().ToLowerInvariant());
            json.WriteBoolean("needsDstack", service.NeedsDstack);
            json.WriteString("image", service.Image);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("variables");
        foreach (string name in result.Report.Variables)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (ComposeFinding found in result.Report.Findings)
            WriteFinding(json, found);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFinding(Utf8JsonWriter json, ComposeFinding found)
    {
        json.WriteStartObject();
        json.WriteString("code", found.Finding.Code);
        json.WriteString("rule", found.Rule);
        json.WriteString("severity", found.Finding.Severity.ToString().ToLowerInvariant());
        json.WriteNumber("line", found.Line);
        json.WriteNumber("column", found.Column);
        json.WriteString("service", found.Finding.Subject);
        json.WriteString("message", found.Finding.Message);
        json.WriteString("why", found.Finding.Why);
        json.WriteString("fix", found.Finding.Remedy);
        json.WriteBoolean("fixable", found.Fix is not null);
        json.WriteEndObject();
    }
}

using System.Text;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Cvms;

/// <summary>Prints CVMs. Log addresses carry tokens and are never among what is printed.</summary>
internal static class CvmText
{
    public static void WriteList(Terminal terminal, IReadOnlyList<CvmInfo> cvms, bool asJson)
    {
        if (asJson)
        {
            WriteJson(terminal.Out, json =>
            {
                json.WriteString("schema", "witan/cvms/1");
                json.WriteStartArray("cvms");
                foreach (CvmInfo cvm in cvms)
                {
                    json.WriteStartObject();
                    WriteFields(json, cvm);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return;
        }

        if (cvms.Count == 0)
            terminal.Error.WriteLine("no CVM in this workspace");
        int name = Math.Max(4, cvms.Select(cvm => cvm.Name?.Length ?? 0).DefaultIfEmpty().Max());
        if (cvms.Count > 0)
            terminal.Out.WriteLine(terminal.Bold($"{"NAME".PadRight(name)}  {"STATUS",-12}  {"TYPE",-10}  APP ID"));
        foreach (CvmInfo cvm in cvms)
            terminal.Out.WriteLine($"{Terminal.Plain(cvm.Name).PadRight(name)}  {Terminal.Plain(cvm.Status),-12}  {Terminal.Plain(cvm.InstanceType),-10}  {Terminal.Plain(cvm.AppId)}");
    }

    public static void WriteStatus(Terminal terminal, CvmInfo cvm, CvmState? state, bool asJson)
    {
        if (asJson)
        {
            WriteJson(terminal.Out, json =>
            {
                json.WriteString("schema", "witan/cvm-status/1");
                WriteFields(json, cvm with { Status = state?.Status ?? cvm.Status });
                json.WriteString("bootProgress", state?.BootProgress);
                json.WriteString("bootError", state?.BootError);
            });
            return;
        }

        void Line(string label, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                terminal.Out.WriteLine($"{label,-14}{Terminal.Plain(value)}");
        }

        Line("name", cvm.Name);
        Line("id", cvm.Key);
        Line("status", state?.Status ?? cvm.Status);
        Line("boot", state?.BootProgress);
        if (state?.BootError is { Length: > 0 } error)
            terminal.Out.WriteLine($"{"boot error",-14}{terminal.Bad(Terminal.Plain(error))}");
        Line("app id", cvm.AppId);
        Line("instance id", cvm.InstanceId ?? state?.InstanceId);
        Line("compose hash", cvm.ComposeHash);
        Line("type", cvm.InstanceType);
        foreach (CvmEndpoint endpoint in cvm.Endpoints ?? cvm.PublicUrls ?? [])
            Line("endpoint", endpoint.App);
    }

    /// <summary>A line of a log, which keeps its columns and nothing else that moves a cursor.</summary>
    public static string LogLine(string line) => Terminal.Plain(line.Replace("\t", "    ", StringComparison.Ordinal));

    /// <summary>Prints one JSON object.</summary>
    public static void WriteJson(TextWriter output, Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static void WriteFields(Utf8JsonWriter json, CvmInfo cvm)
    {
        json.WriteString("id", cvm.Key);
        json.WriteString("name", cvm.Name);
        json.WriteString("status", cvm.Status);
        json.WriteString("appId", cvm.AppId);
        json.WriteString("instanceId", cvm.InstanceId);
        json.WriteString("composeHash", cvm.ComposeHash);
        json.WriteString("instanceType", cvm.InstanceType);
        json.WriteStartArray("endpoints");
        foreach (CvmEndpoint endpoint in cvm.Endpoints ?? cvm.PublicUrls ?? [])
            json.WriteStringValue(endpoint.App);
        json.WriteEndArray();
    }
}

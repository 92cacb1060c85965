using System.CommandLine;
using System.Text;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Dstack.Compose;
using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Compose;

/// <summary><c>witan compose check FILE</c>.</summary>
internal static class ComposeCheckCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "a docker-compose file, or an app-compose.json" };
        var strict = new Option<bool>("--strict") { Description = "an image by :latest or without a tag is an error" };
        var fix = new Option<bool>("--fix") { Description = "write the corrected file; comments and layout stay" };
        var json = new Option<bool>("--json") { Description = "print the report as JSON" };
        var notes = new Option<bool>("--notes") { Description = "show notes too" };
        var environment = new Option<string?>("--env-file") { Description = "the file of NAME=value lines that will be deployed with it" };
        var gateway = new Option<bool>("--gateway") { Description = "the endpoint is to be reached through the gateway" };
        var publicLogs = new Option<bool>("--public-logs") { Description = "container logs will be public" };
        var image = new Option<string?>("--os-image") { Description = "name of the guest image that will run" };
        var name = new Option<string>("--name") { Description = "name of the app in the envelope", DefaultValueFactory = _ => "" };
        var hash = new Option<string?>("--compose-hash") { Description = "the hash that an app-compose.json must have" };
        var write = new Option<string?>("--app-compose") { Description = "write the envelope to this file" };
        var command = new Command("check", "Find what would make a container fail silently in a CVM, or lose its guarantees.")
        {
            file, strict, fix, json, notes, environment, gateway, publicLogs, image, name, hash, write,
        };
        command.SetAction(parsed =>
        {
            var options = new ComposeCheckOptions
            {
                Strict = parsed.GetValue(strict),
                EnvironmentNames = ComposeInput.ReadEnvironment(parsed.GetValue(environment))?.Keys.ToHashSet(StringComparer.Ordinal),
                Gateway = parsed.GetValue(gateway) ? true : null,
                PublicLogs = parsed.GetValue(publicLogs),
                OsImage = parsed.GetValue(image),
                ExpectedComposeHash = parsed.GetValue(hash)?.ToLowerInvariant(),
            };
            ComposeInput input = ComposeInput.Read(parsed.GetValue(file)!);
            bool changed = parsed.GetValue(fix) && Fix(ref input, options);
            ComposeReport report = input.Check(options);
            byte[] envelope = input.Envelope(parsed.GetValue(name)!, options, report);
            if (parsed.GetValue(write) is { } path)
                Write(path, envelope);
            if (parsed.GetValue(json))
                WriteJson(terminal.Out, input, report, changed, envelope);
            else
                WriteText(terminal, input, report, changed, parsed.GetValue(notes), envelope);
            return report.Passed ? ExitCode.Good : ExitCode.Rejected;
        });
        return command;
    }

    private static bool Fix(ref ComposeInput input, ComposeCheckOptions options)
    {
        if (input.IsEnvelope)
            throw new CommandException("an app-compose.json is not corrected: any change gives another compose hash", "correct the compose file it was made from");
        string mended = ComposeChecker.Fix(input.Text, options);
        if (mended == input.Text)
            return false;
        try
        {
            // Beside the file and then over it, so that an interruption leaves either the old text or the new one.
            string written = input.Path + ".witan-new";
            File.WriteAllText(written, mended, new UTF8Encoding(false));
            File.SetUnixFileMode(written, File.GetUnixFileMode(input.Path));
            File.Move(written, input.Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write {input.Path}: {e.Message}");
        }

        input = ComposeInput.Read(input.Path);
        return true;
    }

    private static void Write(string path, byte[] envelope)
    {
        try
        {
            File.WriteAllBytes(path, envelope);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write {path}: {e.Message}");
        }
    }

    private static void WriteText(Terminal terminal, ComposeInput input, ComposeReport report, bool changed, bool notes, byte[] envelope)
    {
        if (changed)
            terminal.Error.WriteLine($"{input.Path} corrected");
        ComposeReportText.Write(terminal, terminal.Out, input.Path, report, notes);
        if (report.Variables.Count > 0)
            terminal.Out.WriteLine($"  variables to supply: {string.Join(", ", report.Variables)}");
        terminal.Out.WriteLine($"app-compose: {Encoding.UTF8.GetString(envelope)}");
        terminal.Out.WriteLine($"compose hash: {Convert.ToHexStringLower(ComposeHash.OfFile(envelope))}");
    }

    private static void WriteJson(TextWriter output, ComposeInput input, ComposeReport report, bool changed, byte[] envelope)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("schema", "witan/compose-check/1");
            json.WriteString("file", input.Path);
            json.WriteBoolean("passed", report.Passed);
            json.WriteBoolean("corrected", changed);
            json.WriteString("appCompose", Encoding.UTF8.GetString(envelope));
            json.WriteString("composeHash", Convert.ToHexStringLower(ComposeHash.OfFile(envelope)));
            json.WriteStartArray("services");
            foreach (ComposeServiceSummary service in report.Services)
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
            foreach (string name in report.Variables)
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteStartArray("findings");
            foreach (ComposeFinding found in report.Findings)
                WriteFinding(json, found);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
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

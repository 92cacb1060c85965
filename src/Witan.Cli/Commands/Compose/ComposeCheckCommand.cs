using System.CommandLine;
using System.Text;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Compose;

/// <summary><c>witan compose check FILE...</c>.</summary>
internal static class ComposeCheckCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE") { Description = "docker-compose files, or app-compose.json files", Arity = ArgumentArity.OneOrMore };
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
            files, strict, fix, json, notes, environment, gateway, publicLogs, image, name, hash, write,
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
                ExpectedComposeHash = Hash(parsed.GetValue(hash)),
            };
            string[] paths = parsed.GetValue(files)!;
            if (paths.Length > 1 && (parsed.GetValue(write) is not null || options.ExpectedComposeHash is not null))
                throw new CommandException("--app-compose and --compose-hash are for one file", "give one FILE");
            // All are read before any is written: a wrong name changes nothing.
            ComposeInput[] inputs = [.. paths.Select(ComposeInput.Read)];
            if (parsed.GetValue(fix) && inputs.Any(input => input.IsEnvelope))
                throw new CommandException("an app-compose.json is not corrected: any change gives another compose hash", "correct the compose file it was made from");
            CheckedFile[] results = [.. inputs.Select(input => Check(input, options, parsed.GetValue(fix), parsed.GetValue(name)!))];
            if (parsed.GetValue(write) is { } path)
                Write(path, results[0].Envelope);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(ComposeReportJson.Of(results));
            else
                Array.ForEach(results, result => WriteText(terminal, result, parsed.GetValue(notes)));
            return results.All(result => result.Report.Passed) ? ExitCode.Good : ExitCode.Rejected;
        });
        return command;
    }

    private static CheckedFile Check(ComposeInput input, ComposeCheckOptions options, bool fix, string name)
    {
        bool changed = fix && Fix(ref input, options);
        ComposeReport report = input.Check(options);
        var result = new CheckedFile(input, report, changed, input.Envelope(name, options, report));
        bool differs = !input.IsEnvelope && options.ExpectedComposeHash is { } expected && expected != result.ComposeHash;
        return differs ? result with { Report = report with { Findings = [HashDiffers, .. report.Findings] } } : result;
    }

    // Of an envelope AppComposeChecker says it. A hash that was asked for and cannot be found is never passed over.
    private static ComposeFinding HashDiffers { get; } = new(
        new Finding("APP_COMPOSE_HASH_DIFFERS", FindingSeverity.Error, "the envelope made from this file has another compose hash than the one expected")
        {
            Why = "it is not the app that was approved, or a platform added to the envelope that it measured.",
            Remedy = "compare the app-compose.json that was measured: witan compose check app-compose.json --compose-hash HASH",
            Actor = FindingActor.WorkloadOwner,
        },
        "L17", 1, 1);

    private static string? Hash(string? given)
    {
        if (given is null)
            return null;
        string bare = given.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? given[2..] : given;
        return bare.Length == 64 && bare.All(char.IsAsciiHexDigit)
            ? bare.ToLowerInvariant()
            : throw new CommandException("--compose-hash must be 64 hexadecimal digits");
    }

    private static bool Fix(ref ComposeInput input, ComposeCheckOptions options)
    {
        string mended = ComposeChecker.Fix(input.Text, options);
        if (mended == input.Text)
            return false;
        try
        {
            // Beside the file and then over it, so that an interruption leaves either the old text or the new one.
            // A link stays one: what it leads to is corrected.
            string place = File.ResolveLinkTarget(input.Path, returnFinalTarget: true)?.FullName ?? input.Path, written = place + ".witan-new";
            File.WriteAllText(written, mended, new UTF8Encoding(false));
            File.SetUnixFileMode(written, File.GetUnixFileMode(place));
            File.Move(written, place, overwrite: true);
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

    private static void WriteText(Terminal terminal, CheckedFile result, bool notes)
    {
        if (result.Changed)
            terminal.Error.WriteLine($"{Terminal.Plain(result.Input.Path)} corrected");
        ComposeReportText.Write(terminal, terminal.Out, result.Input.Path, result.Report, notes);
        if (result.Report.Variables.Count > 0)
            terminal.Out.WriteLine($"  variables to supply: {string.Join(", ", result.Report.Variables.Select(Terminal.Plain))}");
        // An envelope that was given is not repeated.
        if (!result.Input.IsEnvelope)
            terminal.Out.WriteLine($"app-compose: {Terminal.Plain(Encoding.UTF8.GetString(result.Envelope))}");
        terminal.Out.WriteLine($"compose hash: {result.ComposeHash}");
    }
}

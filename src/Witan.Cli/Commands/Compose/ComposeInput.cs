using System.Text;
using Witan.Cli.CommandLine;
using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Compose;

/// <summary>A compose file from disk: its bytes, its text, and whether it is the envelope (app-compose.json) itself.</summary>
internal sealed record ComposeInput(string Path, byte[] Bytes, string Text, bool IsEnvelope)
{
    // Well above what the platform takes; a larger file is not read into memory at all.
    private const int MaximumBytes = 4 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ComposeInput Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MaximumBytes)
                throw new CommandException($"{path} has {file.Length} bytes, which is no compose file");
            byte[] bytes = File.ReadAllBytes(path);
            string text = Strict.GetString(bytes is [0xEF, 0xBB, 0xBF, ..] ? bytes.AsSpan(3) : bytes);
            return new ComposeInput(path, bytes, text, text.AsSpan().TrimStart() is ['{', ..] && text.Contains("\"docker_compose_file\"", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {e.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw new CommandException($"{path} is not UTF-8 text");
        }
    }

    public ComposeReport Check(ComposeCheckOptions options) =>
        PolicyTexts.Check(IsEnvelope ? AppComposeChecker.Check(Bytes, options) : ComposeChecker.Check(Text, options));

    /// <summary>What a guest would measure: the file itself where it is the envelope, else the envelope made for it, byte for byte.</summary>
    public byte[] Envelope(string name, ComposeCheckOptions options, ComposeReport report) => IsEnvelope ? Bytes : new AppComposeSettings
    {
        Name = name,
        AllowedEnvironment = [.. options.EnvironmentNames ?? report.Variables.ToHashSet(StringComparer.Ordinal)],
        PublicLogs = options.PublicLogs,
    }.Write(Text);

    /// <summary>The variables of an environment file, or none where no file is named.</summary>
    public static IReadOnlyDictionary<string, string>? ReadEnvironment(string? path)
    {
        if (path is null)
            return null;
        try
        {
            return EnvironmentFile.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {e.Message}");
        }
        catch (FormatException e)
        {
            throw new CommandException($"{path}: {e.Message}", "each line is NAME=value, # begins a comment");
        }
    }
}

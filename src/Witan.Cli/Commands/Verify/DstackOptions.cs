using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Dstack.Evidence;

namespace Witan.Cli.Commands.Verify;

/// <summary>What <c>witan verify</c> takes for reports of dstack guests: what is expected of this one, and what is accepted in general.</summary>
internal sealed class DstackOptions
{
    private readonly Option<string?> _compose = new("--app-compose") { Description = "the app-compose file that a dstack guest must run, byte for byte" };
    private readonly Option<string[]> _composeHashes = new("--compose-hash") { Description = "accepted compose hash of a dstack guest, repeatable" };
    private readonly Option<string[]> _appIds = new("--app-id") { Description = "accepted app id, repeatable" };
    private readonly Option<string[]> _images = new("--os-image") { Description = "accepted OS image hash, repeatable; counts only where it was measured" };
    private readonly Option<string[]> _providers = new("--key-provider") { Description = "accepted key provider, NAME or NAME:ID, repeatable" };
    private readonly Option<bool> _development = new("--development-images") { Description = "accept development images, into which the operator can log in" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _compose, _composeHashes, _appIds, _images, _providers, _development })
            command.Options.Add(option);
    }

    /// <summary>Whether anything is demanded that only a guest's report can show.</summary>
    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_compose) is not null
        || parsed.GetValue(_composeHashes)!.Length + parsed.GetValue(_appIds)!.Length + parsed.GetValue(_images)!.Length + parsed.GetValue(_providers)!.Length > 0;

    /// <summary>The demands, over what the platform's policy demands.</summary>
    public DstackDemands Read(ParseResult parsed, AppraisalPolicy platform)
    {
        string[] images = Hex(parsed.GetValue(_images)!, 32, "--os-image");
        var policy = new DstackPolicy
        {
            Platform = platform,
            OsImages = images.Length == 0 ? OsImageRule.DangerousAny : OsImageRule.ByHash(images),
            ComposeHashes = [.. Hex(parsed.GetValue(_composeHashes)!, 32, "--compose-hash")],
            AppIds = [.. Hex(parsed.GetValue(_appIds)!, 20, "--app-id")],
            KeyProviders = [.. parsed.GetValue(_providers)!.Select(Provider)],
            AcceptDevelopmentImages = parsed.GetValue(_development),
        };
        return new DstackDemands(policy, new EvidenceExpectations
        {
            ReportData = platform.ReportData.IsEmpty ? default(ReadOnlyMemory<byte>?) : platform.ReportData,
            AppCompose = parsed.GetValue(_compose) is { } path ? InputFile.Read(path, 4 << 20) : default(ReadOnlyMemory<byte>?),
        });
    }

    private static string[] Hex(string[] values, int size, string option) =>
    [
        .. values.Select(value => (value.StartsWith("0x", StringComparison.Ordinal) ? value[2..] : value).ToLowerInvariant()).Select(value =>
            value.Length == 2 * size && value.All(char.IsAsciiHexDigit) ? value : throw new CommandException($"{option} takes {2 * size} hexadecimal digits, not {value}")),
    ];

    private static KeyProvider Provider(string text)
    {
        string[] parts = text.Split(':', 2);
        return new KeyProvider(parts[0], parts.Length > 1 ? parts[1].ToLowerInvariant() : "");
    }
}

/// <summary>What is demanded of a dstack guest.</summary>
/// <param name="Policy">In general.</param>
/// <param name="Expectations">Of this one.</param>
internal sealed record DstackDemands(DstackPolicy Policy, EvidenceExpectations Expectations);

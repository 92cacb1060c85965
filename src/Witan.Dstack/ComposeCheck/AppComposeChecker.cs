using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Compose;
using Witan.Dstack.ComposeCheck.Rules;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// Checks an app-compose file, the JSON envelope that is measured: the compose file inside it under the settings of the
/// envelope, and L16. Lines and columns are those of the compose text inside.
/// </summary>
public static class AppComposeChecker
{
    private static readonly YamlPosition s_start = new(1, 1, 0);

    /// <summary>Checks one envelope. Never throws on any bytes.</summary>
    /// <param name="utf8">The file, byte for byte.</param>
    /// <param name="options">What to check against; settings that the envelope names replace those given here.</param>
    public static ComposeReport Check(ReadOnlyMemory<byte> utf8, ComposeCheckOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!AppCompose.TryParse(utf8, out AppCompose? envelope, out Finding? refusal))
            return Refused(refusal.Message);
        if (envelope.DockerComposeFile is not { } text)
            return Refused("an app-compose file is an object with a docker_compose_file");
        ComposeReport inner = ComposeChecker.Check(text, options with
        {
            PreLaunchScript = envelope.PreLaunchScript ?? options.PreLaunchScript ?? "",
            PublicLogs = envelope.PublicLogs,
            PublicSystemInformation = envelope.PublicSystemInformation,
            Gateway = envelope.Gateway,
            EnvironmentNames = envelope.AllowedEnvironment.ToHashSet(StringComparer.Ordinal),
        });
        IEnumerable<ComposeFinding> outer = new[] { Runner(envelope), Version(envelope), Hash(envelope, options.ExpectedComposeHash) }.OfType<ComposeFinding>();
        // A change of the text inside is another envelope: nothing here can be mended in place.
        return inner with { Findings = [.. outer, .. inner.Findings.Select(found => found with { Fix = null })] };
    }

    private static ComposeFinding? Runner(AppCompose envelope) => envelope.Runner is "docker-compose" or "nerdctl-compose" ? null : Found.Make(
        "W09", "APP_COMPOSE_RUNNER", FindingSeverity.Error, s_start, $"the runner is {envelope.Runner ?? "not named"}, which runs no compose file",
        "what was checked here is not what the guest would run.", "write \"runner\": \"docker-compose\"");

    private static ComposeFinding? Version(AppCompose envelope) => (envelope.EventLogVersion >= 2 || envelope.HasRequirements) && !envelope.HasTextVersion
        ? Found.Make(
            "L16", "APP_COMPOSE_MANIFEST_VERSION", FindingSeverity.Error, s_start,
            "a second-version event log or requirements with a numeric manifest_version",
            "older guests ignore what they do not know instead of refusing it.", "write \"manifest_version\": \"3\"")
        : null;

    // L17: one and the same object, and other bytes than those that were hashed.
    private static ComposeFinding? Hash(AppCompose envelope, string? expected)
    {
        if (expected is null || Convert.ToHexStringLower(envelope.Hash.Span) == expected)
            return null;
        string canonical;
        try
        {
            using JsonDocument json = JsonDocument.Parse(envelope.Bytes);
            canonical = Convert.ToHexStringLower(ComposeHash.OfObject(json.RootElement));
        }
        catch (FormatException)
        {
            canonical = "";
        }

        return canonical == expected
            ? Found.Make(
                "L17", "APP_COMPOSE_RESERIALISED", FindingSeverity.Warning, s_start,
                "the file was written again after it was hashed: its canonical form has the hash, its bytes have not",
                "the guest measures bytes, so white space and the order of members count.", "deploy the canonical form, or compute the hash over the file")
            : Found.Make(
                "L17", "APP_COMPOSE_HASH_DIFFERS", FindingSeverity.Error, s_start,
                "the file has another compose hash than the one expected", "it is not the app that was approved.", "compare the file with the one that was approved");
    }

    private static ComposeReport Refused(string message)
    {
        var finding = new Finding("APP_COMPOSE_NOT_READ", FindingSeverity.Error, message)
        {
            Actor = FindingActor.WorkloadOwner,
            Remedy = "give a docker-compose file, or an app-compose.json as the platform measured it",
        };
        return new ComposeReport([new ComposeFinding(finding, "W00", 1, 1)], [], [], []);
    }
}

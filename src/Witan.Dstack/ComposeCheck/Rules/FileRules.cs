using System.Text;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>L06 (checks in the start script), L09, L11, L12, L13, L14 and the shape of the file itself.</summary>
internal static class FileRules
{
    /// <summary>The platform's limit on the compose text and the start script together, in bytes of UTF-8.</summary>
    public const int MaximumBytes = 200 * 1024;

    public static IEnumerable<ComposeFinding> Check(ComposeDocument document, ComposeCheckOptions options) =>
        Shape(document).Concat(Variables(document)).Concat(Settings(document, options)).Concat(Logging(document)).Concat(Names(document));

    private static IEnumerable<ComposeFinding> Shape(ComposeDocument document)
    {
        if (document.Services.Count == 0)
        {
            yield return Found.Error(
                "W03", "COMPOSE_NO_SERVICES", document.Root, "the file has no services", null, "write at least one under services:");
        }

        if (document.Parts.Count > 1)
        {
            yield return Found.Note(
                "W04", "COMPOSE_DOCUMENTS", document.Parts[1], $"the file holds {document.Parts.Count} documents, each laid over the one before",
                null, "write one document where nothing is to be overridden");
        }

        foreach (YamlMapping mapping in document.Mappings())
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (YamlEntry entry in mapping.Entries.Where(entry => !seen.Add(entry.Key.Value)))
            {
                yield return Found.Error(
                    "L13", "COMPOSE_DUPLICATE_KEY", entry.Key, $"\"{entry.Key.Value}\" is there twice",
                    "compose refuses the file, and other readers keep either.", "remove one of them");
            }
        }
    }

    private static IEnumerable<ComposeFinding> Variables(ComposeDocument document)
    {
        foreach (ComposeService service in document.Services)
        {
            foreach (string name in new[] { "environment", "labels" })
            {
                YamlNode? wrong = service.Effective.Find(name)?.Value switch
                {
                    YamlMapping mapping => YamlMerge.Flatten(mapping).Entries.Select(entry => entry.Value).FirstOrDefault(value => value is not YamlScalar),
                    YamlSequence list => list.Items.FirstOrDefault(item => item is not YamlScalar),
                    var other => other,
                };
                if (wrong is not null)
                {
                    yield return Found.Error(
                        "W08", "COMPOSE_SHAPE", wrong, $"{name} of \"{service.Name}\" is neither a mapping of texts nor a list of NAME=value",
                        "compose refuses the file.", $"write under {name}: NAME: VALUE").In(service);
                }
            }
        }
    }

    private static IEnumerable<ComposeFinding> Settings(ComposeDocument document, ComposeCheckOptions options)
    {
        int bytes = Encoding.UTF8.GetByteCount(document.Text) + Encoding.UTF8.GetByteCount(options.PreLaunchScript ?? "");
        if (bytes > MaximumBytes)
        {
            yield return Found.Error(
                "L11", "COMPOSE_TOO_LARGE", document.Root, $"compose file and start script have {bytes} bytes, the platform takes {MaximumBytes}",
                null, "move data into an image");
        }

        if (!string.IsNullOrWhiteSpace(options.PreLaunchScript)
            && document.Services.Any(service => service.Effective.Text("restart") == "always"))
        {
            yield return Found.Warning(
                "L06", "COMPOSE_RESTART_BEFORE_SCRIPT", document.Root, "containers with restart: always start before the pre-launch script after a reboot",
                "a check in that script does not guard them.", "check in init_script, or in the app");
        }

        if (options.PublicLogs || options.PublicSystemInformation)
        {
            string what = options is { PublicLogs: true, PublicSystemInformation: true } ? "logs and system information are"
                : options.PublicLogs ? "logs are" : "system information is";
            yield return Found.Warning(
                "L09", "COMPOSE_PUBLIC_LOGS", document.Root, $"{what} public",
                "anybody can read what the containers print.", "set public_logs and public_sysinfo to false");
        }

        if (options.OsImage is { } image && image.Contains("-dev", StringComparison.Ordinal))
        {
            yield return Found.Warning(
                "L14", "COMPOSE_DEVELOPMENT_IMAGE", document.Root, $"{image} is a development image",
                "it lets its operator log in.", "take the image of the same version without -dev");
        }
    }

    private static IEnumerable<ComposeFinding> Logging(ComposeDocument document)
    {
        foreach (ComposeService service in document.Services)
        {
            var logging = service.Effective.Find("logging")?.Value as YamlMapping;
            bool file = logging?.Text("driver") is null or "json-file";
            if (file && (logging?.Find("options")?.Value as YamlMapping)?.Find("max-size") is null)
            {
                yield return Found.Note(
                    "L12", "COMPOSE_LOG_UNLIMITED", service.Key, $"the log of \"{service.Name}\" grows without end",
                    "it fills the encrypted disk.", "add: logging: {driver: json-file, options: {max-size: 10m, max-file: \"3\"}}").In(service);
            }
        }
    }

    private static IEnumerable<ComposeFinding> Names(ComposeDocument document)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (ComposeService service in document.Services)
        {
            if (service.Effective.Find("container_name") is { Value: YamlScalar name } && !seen.Add(name.Value))
            {
                yield return Found.Note(
                    "L13", "COMPOSE_CONTAINER_NAME", name, $"container_name {name.Value} is used twice",
                    "the second container cannot be made.", "remove the line").In(service);
            }
        }
    }
}

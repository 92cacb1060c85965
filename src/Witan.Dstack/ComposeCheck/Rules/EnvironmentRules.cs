using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>L05 and L15: what is substituted, and what must not stand in a text that everybody can read. W01, W02: modes.</summary>
internal static class EnvironmentRules
{
    private static readonly string[] Sections = ["configs", "secrets"];

    private static readonly string[] Simulators = ["DSTACK_SIMULATOR_ENDPOINT", "TAPPD_SIMULATOR_ENDPOINT"];

    /// <summary>Names of the variables that must be supplied, sorted. Those that the platform sets are not among them.</summary>
    public static SortedSet<string> Needed(ComposeDocument document, ComposeCheckOptions options)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (YamlScalar value in document.Values())
            names.UnionWith(VariableReference.In(value.Value).Where(reference => !reference.HasDefault).Select(reference => reference.Name));
        foreach (EnvironmentEntry entry in document.Services.SelectMany(service => service.Environment))
        {
            if (entry.Value is null)
                names.Add(entry.Name);
        }

        names.UnionWith(FromSections(document).Select(scalar => scalar.Value));
        names.ExceptWith(StartScript.PlatformVariables.Where(new StartScript(options.PreLaunchScript).MaySet));
        return names;
    }

    // configs and secrets whose content is the value of a variable.
    private static IEnumerable<YamlScalar> FromSections(ComposeDocument document) =>
        from section in Sections
        from entry in document.Section(section)
        let variable = (entry.Value as YamlMapping)?.Find("environment")?.Value as YamlScalar
        where variable is not null
        select variable;

    public static IEnumerable<ComposeFinding> Check(ComposeDocument document, ComposeCheckOptions options)
    {
        var script = new StartScript(options.PreLaunchScript);
        bool IsUnset(string name) => options.EnvironmentNames?.Contains(name) == false && !script.MaySet(name);
        foreach (ComposeService service in document.Services)
        {
            foreach (EnvironmentEntry entry in service.Environment)
            {
                foreach (ComposeFinding found in CheckEntry(service, entry, IsUnset))
                    yield return found.In(service);
            }
        }

        foreach (YamlScalar value in document.Values())
        {
            foreach (VariableReference reference in VariableReference.In(value.Value))
            {
                if (!reference.HasDefault && IsUnset(reference.Name))
                    yield return Unset(value, reference.Name);
            }
        }

        HashSet<YamlNode> entries = [.. document.Services.SelectMany(service => service.Environment).Select(entry => entry.Node)];
        foreach (YamlScalar value in document.Values().Where(value => !entries.Contains(value) && SecretValue.IsKnownKey(value.Value)))
            yield return Secret(value, "a key", "NAME");

        foreach (YamlScalar variable in FromSections(document))
        {
            if (IsUnset(variable.Value))
                yield return Unset(variable, variable.Value);
        }

        SortedSet<string> needed = Needed(document, options);
        bool any = needed.Count > 0 || options.EnvironmentNames is { Count: > 0 };
        if (any && !needed.Contains("APP_LAUNCH_TOKEN") && options.EnvironmentNames?.Contains("APP_LAUNCH_TOKEN") != true)
        {
            yield return Found.Note(
                "L15", "COMPOSE_ENVIRONMENT_UNAUTHENTICATED", document.Root, "the host can replace the whole encrypted environment",
                "it is encrypted for the app and signed by nobody.",
                "pass APP_LAUNCH_TOKEN and pin its hash (requirements.launch_token_hash), or check a value inside the app");
        }
    }

    private static IEnumerable<ComposeFinding> CheckEntry(ComposeService service, EnvironmentEntry entry, Func<string, bool> isUnset)
    {
        foreach (ComposeFinding found in CheckMode(entry))
            yield return found;
        if (entry.Value is null)
        {
            if (isUnset(entry.Name))
                yield return Unset(entry.Node, entry.Name);
            yield break;
        }

        if (SecretValue.IsSecret(entry.Name, entry.Value))
            yield return Secret(entry.Node, entry.Name, entry.Name);

        if (entry is { IsListForm: true, Value: ['"' or '\'', .., '"' or '\''] quoted } && quoted.Contains('$', StringComparison.Ordinal))
        {
            yield return Found.Warning(
                "L05", "COMPOSE_QUOTED_VARIABLE", entry.Node, $"the quotes around {entry.Name} become part of its value",
                "in the list form everything after = is the value.", $"write: - {entry.Name}={quoted[1..^1]}") with
            {
                Fix = ComposeEdits.Replace(service, entry.Node, $"{entry.Name}={quoted[1..^1]}"),
            };
        }
    }

    private static ComposeFinding Secret(YamlNode at, string what, string variable) => Found.Error(
        "L05", "COMPOSE_SECRET_LITERAL", at, $"{what} is a secret in plain text",
        "the compose file is public: it is part of the evidence, and the platform keeps it.",
        $"write {variable}: ${{{variable}}}, pass the value in the encrypted environment, and replace the secret: it has been written down");

    // What decides whether evidence counts is in the measured text, or the host decides it.
    private static IEnumerable<ComposeFinding> CheckMode(EnvironmentEntry entry)
    {
        if (entry.Name == "LOCAL_MODE" && (entry.Value is null or "true" || entry.Value.Contains('$', StringComparison.Ordinal)))
        {
            yield return Found.Error(
                "W01", "COMPOSE_LOCAL_MODE", entry.Node, entry.Value == "true" ? "LOCAL_MODE=true" : "LOCAL_MODE is left to whoever supplies the environment",
                "it gives zero execution integrity guarantees, exists solely for development and testing, and must never be used in production.",
                "remove it");
        }

        if (entry.Name == "WITAN_PRODUCTION_IMAGE")
        {
            yield return Found.Error(
                "W01", "COMPOSE_LOCAL_MODE", entry.Node, "WITAN_PRODUCTION_IMAGE is the image's own word, and is written over here",
                "an engine takes it away where it is passed through by name, and with it the image's refusal of LOCAL_MODE.", "remove it");
        }

        if (entry.Name == "WITAN_DEVELOPMENT_ROOT")
        {
            yield return Found.Error(
                "W02", "COMPOSE_DEVELOPMENT_ROOT", entry.Node, "WITAN_DEVELOPMENT_ROOT trusts simulated evidence",
                "who has the development root can forge every agent's evidence; every record says simulated, and a production verifier rejects it.", "remove it");
        }

        if (Simulators.Contains(entry.Name, StringComparer.Ordinal))
        {
            yield return Found.Error(
                "W02", "COMPOSE_SIMULATOR", entry.Node, $"{entry.Name} sends attestation to a simulator",
                "simulated evidence proves nothing and every production verifier rejects it.", "remove it");
        }
    }

    private static ComposeFinding Unset(YamlNode at, string name) => Found.Error(
        "L05", "COMPOSE_VARIABLE_UNSET", at, $"{name} is referred to and will not be set",
        "compose substitutes an empty text and only warns.", $"pass it in the environment file, or write a default: ${{{name}:-VALUE}}");
}

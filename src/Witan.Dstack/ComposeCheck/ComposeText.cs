using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// A JSON text that a compose file holds: the value of a variable, or the content of a config. What is in it is for those who know its schema.
/// </summary>
/// <param name="Service">The service that is given it; null for a config that no service takes.</param>
/// <param name="Name">The variable, or <c>configs.NAME</c>.</param>
/// <param name="Text">The text as the container gets it, without what references in it will put there.</param>
/// <param name="HasReferences">Whether there are references in it, so that it is not yet whole.</param>
/// <param name="IsTemplate">Whether the service's image has a placeholder for a digest: nobody can deploy it as it is.</param>
/// <param name="Line">Line of the file, from 1.</param>
/// <param name="Column">Column of the file, from 1.</param>
public sealed record ComposeText(string? Service, string Name, string Text, bool HasReferences, bool IsTemplate, int Line, int Column)
{
    internal static IEnumerable<ComposeText> Of(ComposeDocument document)
    {
        foreach (ComposeService service in document.Services)
        {
            foreach (EnvironmentEntry entry in service.Environment)
            {
                if (Read(service, entry.Name, entry.Value, entry.Node) is { } text)
                    yield return text;
            }
        }

        foreach (YamlEntry config in document.Section("configs"))
        {
            if ((config.Value as YamlMapping)?.Find("content")?.Value is not YamlScalar content)
                continue;
            ComposeService[] takers = [.. document.Services.Where(service => service.Sources("configs").Contains(config.Key.Value, StringComparer.Ordinal))];
            foreach (ComposeService? service in takers.DefaultIfEmpty<ComposeService?>(null))
            {
                if (Read(service, $"configs.{config.Key.Value}", content.Value, content) is { } text)
                    yield return text;
            }
        }
    }

    private static ComposeText? Read(ComposeService? service, string name, string? value, YamlNode at)
    {
        if (value is null || VariableReference.Literals(value) is not { } text || !text.AsSpan().TrimStart().StartsWith("{", StringComparison.Ordinal))
            return null;
        bool template = service?.Image is { } image && ImageReference.Parse(image).IsPlaceholder;
        return new ComposeText(service?.Name, name, text, VariableReference.In(value).Count > 0, template, at.Start.Line, at.Start.Column);
    }
}

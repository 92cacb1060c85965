namespace Witan.Dstack.ComposeCheck.Yaml;

/// <summary>Why a text could not be read as YAML, and where.</summary>
internal sealed record YamlSyntaxError(string Message, int Line, int Column);

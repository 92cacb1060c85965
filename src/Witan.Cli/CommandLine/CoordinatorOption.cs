using System.CommandLine;
using System.CommandLine.Parsing;

namespace Witan.Cli.CommandLine;

/// <summary>The option that names a coordinator.</summary>
public static class CoordinatorOption
{
    /// <summary>The option with the roots to trust for TLS.</summary>
    public static Option<string?> Authority() => new("--coordinator-ca")
    {
        Description = "PEM file with the roots to trust for TLS with the coordinator (default: the system's, or WITAN_COORDINATOR_CA)",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("WITAN_COORDINATOR_CA") is { Length: > 0 } path ? path : null,
    };

    public static Option<Uri> Create() => new("--coordinator")
    {
        Description = "the coordinator's address (default: http://127.0.0.1:3000)",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:3000"),
        CustomParser = result => Parse(result, result.Tokens[0].Value),
    };

    /// <summary>The option of an agent, which may name several coordinators of one store.</summary>
    public static Option<Uri[]> CreateSeveral() => new("--coordinator")
    {
        Description = "the coordinator's address; repeatable for coordinators of one store (default: http://127.0.0.1:3000)",
        DefaultValueFactory = _ => [new Uri("http://127.0.0.1:3000")],
        CustomParser = result => [.. result.Tokens.Select(token => Parse(result, token.Value)).OfType<Uri>()],
    };

    private static Uri? Parse(ArgumentResult result, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
            return uri;
        result.AddError($"--coordinator: {text} is no http address");
        return null;
    }
}

using System.CommandLine;

namespace Witan.Cli.CommandLine;

/// <summary>The option that names a coordinator.</summary>
public static class CoordinatorOption
{
    public static Option<Uri> Create() => new("--coordinator")
    {
        Description = "the coordinator's address (default: http://127.0.0.1:3000)",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:3000"),
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
                return uri;
            result.AddError($"--coordinator: {text} is no http address");
            return null;
        },
    };
}

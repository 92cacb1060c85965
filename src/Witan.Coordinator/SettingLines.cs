using System.Globalization;
using Witan.Coordinator.Telemetry;

namespace Witan.Coordinator;

/// <summary>The settings in force, one line each with where it came from. What may be a secret is not shown.</summary>
internal static class SettingLines
{
    public static IEnumerable<string> Of(CoordinatorOptions options, Func<string, string?> environment)
    {
        (string Name, string? Value)[] settings =
        [
            (nameof(options.Listen), options.Listen),
            (nameof(options.Port), options.Port.ToString(CultureInfo.InvariantCulture)),
            (nameof(options.State), options.State),
            (nameof(options.Store), options.Store is { } store ? Masked(store) : null),
            (nameof(options.LocalMode), options.LocalMode),
            (nameof(options.Socket), options.Socket),
            (nameof(options.DevelopmentRoot), options.DevelopmentRoot),
            (nameof(options.Collateral), options.Collateral),
            (nameof(options.Policy), options.Policy),
            (nameof(options.Requesters), options.Requesters.Count.ToString(CultureInfo.InvariantCulture)),
            (nameof(options.TlsCertificate), options.TlsCertificate),
            (nameof(options.TlsKey), options.TlsKey),
            (nameof(options.Target), Masked(options.Target)),
            (nameof(options.RequestsPerSecond), options.RequestsPerSecond.ToString(CultureInfo.InvariantCulture)),
            (nameof(options.MaximumConnections), options.MaximumConnections.ToString(CultureInfo.InvariantCulture)),
            (nameof(options.Metrics), options.Metrics.ToString().ToLowerInvariant()),
        ];
        foreach ((string name, string? value) in settings)
            yield return $"setting {name} = {value ?? "(none)"} ({options.Origins.GetValueOrDefault(name, "default")})";
        foreach (string variable in new[] { "WITAN_LOG", OtlpExport.Endpoint, "OTEL_EXPORTER_OTLP_HEADERS" })
        {
            if (environment(variable) is { Length: > 0 } value)
                yield return $"setting {variable} = {(variable.EndsWith("HEADERS", StringComparison.Ordinal) ? "***" : Masked(value))} (environment)";
        }
    }

    // Of an address only scheme, host and port are shown: user, password, path and query may each be a secret.
    private static string Masked(string value)
    {
        int colon = value.IndexOf("https://", StringComparison.Ordinal) is > 0 and var at ? at : 0;
        return Uri.TryCreate(value[colon..], UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0
            ? $"{value[..colon]}{uri.Scheme}://{uri.Host}{(uri.IsDefaultPort || uri.Port < 0 ? "" : $":{uri.Port}")}{(uri.UserInfo.Length > 0 || uri.PathAndQuery.Length > 1 ? "/***" : "")}"
            : value.Contains("://", StringComparison.Ordinal) ? "***" : value;
    }
}

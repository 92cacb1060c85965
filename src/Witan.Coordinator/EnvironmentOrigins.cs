using Witan.Agent;

namespace Witan.Coordinator;

/// <summary>Which settings the environment gives to the container's program.</summary>
internal static class EnvironmentOrigins
{
    private static readonly (string Variable, string Setting)[] s_settings =
    [
        ("WITAN_LISTEN", nameof(CoordinatorOptions.Listen)),
        ("PORT", nameof(CoordinatorOptions.Port)),
        ("WITAN_STATE", nameof(CoordinatorOptions.State)),
        ("WITAN_STORE", nameof(CoordinatorOptions.Store)),
        ("LOCAL_MODE", nameof(CoordinatorOptions.LocalMode)),
        ("WITAN_COLLATERAL", nameof(CoordinatorOptions.Collateral)),
        ("WITAN_DEVELOPMENT_ROOT", nameof(CoordinatorOptions.DevelopmentRoot)),
        ("MIN_WORKERS", nameof(CoordinatorOptions.MinimumWorkers)),
        ("MAX_WORKERS", nameof(CoordinatorOptions.MaximumWorkers)),
        ("WITAN_SETTLEMENT", nameof(CoordinatorOptions.Target)),
        ("WITAN_TLS_CERTIFICATE", nameof(CoordinatorOptions.TlsCertificate)),
        ("WITAN_TLS_KEY", nameof(CoordinatorOptions.TlsKey)),
        ("WITAN_POLICY", nameof(CoordinatorOptions.Policy)),
        ("WITAN_REQUESTERS", nameof(CoordinatorOptions.Requesters)),
        ("WITAN_REQUESTS_PER_SECOND", nameof(CoordinatorOptions.RequestsPerSecond)),
        ("WITAN_MAX_CONNECTIONS", nameof(CoordinatorOptions.MaximumConnections)),
        ("WITAN_METRICS", nameof(CoordinatorOptions.Metrics)),
    ];

    public static IReadOnlyDictionary<string, string> Of(Func<string, string?> environment) => SettingOrigins.OfEnvironment(s_settings, environment);
}

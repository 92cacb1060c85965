using Witan.Agent;
using Witan.Coordinator.Telemetry;

namespace Witan.Coordinator;

/// <summary>A coordinator's settings in force, as lines for its log.</summary>
internal static class CoordinatorSettings
{
    public static IEnumerable<string> Of(CoordinatorOptions options, Func<string, string?> environment) =>
    [
        .. SettingLines.Of(
            [
                (nameof(options.Listen), options.Listen),
                (nameof(options.Port), SettingLines.Number(options.Port)),
                (nameof(options.State), options.State),
                (nameof(options.Store), options.Store is { } store ? SettingLines.Masked(store) : null),
                (nameof(options.LocalMode), options.LocalMode),
                (nameof(options.Socket), options.Socket),
                (nameof(options.DevelopmentRoot), options.DevelopmentRoot),
                (nameof(options.Collateral), TextOrFile.Shown(options.Collateral)),
                (nameof(options.Policy), TextOrFile.Shown(options.Policy)),
                (nameof(options.WorstLevel), SettingLines.Number(options.WorstLevel)),
                (nameof(options.Requesters), SettingLines.Number(options.Requesters.Count)),
                (nameof(options.MinimumWorkers), SettingLines.Number(options.MinimumWorkers)),
                (nameof(options.MaximumWorkers), SettingLines.Number(options.MaximumWorkers)),
                (nameof(options.InstancesPerPlatform), SettingLines.Number(options.InstancesPerPlatform)),
                (nameof(options.Lease), SettingLines.Seconds(options.Lease)),
                (nameof(options.TlsCertificate), options.TlsCertificate),
                (nameof(options.TlsKey), options.TlsKey),
                (nameof(options.DrainTime), SettingLines.Seconds(options.DrainTime)),
                (nameof(options.Target), SettingLines.Masked(options.Target)),
                (nameof(options.RequestsPerSecond), SettingLines.Number(options.RequestsPerSecond)),
                (nameof(options.MaximumConnections), SettingLines.Number(options.MaximumConnections)),
                (nameof(options.Metrics), options.Metrics ? "true" : "false"),
            ],
            options.Origins),
        .. SettingLines.Of([(LogLines.Variable, false), (OtlpExport.Endpoint, false), ("OTEL_EXPORTER_OTLP_HEADERS", true)], environment),
    ];
}

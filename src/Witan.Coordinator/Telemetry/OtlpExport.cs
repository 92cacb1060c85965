using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Witan.Coordinator.Telemetry;

/// <summary>Sends traces and metrics to a collector where one is named by the usual variable, <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; else nothing.</summary>
internal sealed class OtlpExport : IDisposable
{
    /// <summary>The variable that turns it on.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    private OtlpExport()
    {
        _metrics = Sdk.CreateMeterProviderBuilder().AddMeter(CoordinatorTelemetry.Name, "System.Runtime").AddOtlpExporter().Build();
        _traces = Sdk.CreateTracerProviderBuilder().AddSource(CoordinatorTelemetry.Name).AddOtlpExporter().Build();
    }

    /// <summary>Begins, or gives null where no collector is named.</summary>
    public static OtlpExport? Start() => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint)) ? null : new OtlpExport();

    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }
}

using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Witan.Coordinator.Telemetry;

/// <summary>
/// Keeps what one meter measures and writes it in the Prometheus text format 0.0.4. Memory is bounded: an instrument has at most
/// <see cref="MaximumSeries"/> sets of labels; what comes later is counted under one set without a name.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    /// <summary>Content type of the text.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Most sets of labels of one instrument.</summary>
    public const int MaximumSeries = 256;

    private const string Overflow = "overflow=\"true\"";
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public PrometheusText(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The text as it is now.</summary>
    public string Write()
    {
        lock (_gate)
        {
            // A state that no proposal is in any more must not be shown with its last number.
            foreach (Family family in _families.Values.Where(family => family.Kind == "gauge"))
                family.Series.Clear();
        }

        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (_gate)
        {
            foreach ((string name, Family family) in _families)
            {
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {family.Help}\n# TYPE {name} {family.Kind}\n");
                foreach ((string labels, Series series) in family.Series)
                    Write(text, name, family.Kind, labels, series);
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Write(StringBuilder text, string name, string kind, string labels, Series series)
    {
        string among = labels.Length == 0 ? "" : labels + ",";
        string braces = labels.Length == 0 ? "" : "{" + labels + "}";
        if (kind != "histogram")
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{braces} {series.Sum:R}\n");
            return;
        }

        long below = 0;
        for (int i = 0; i < Bounds.Length; i++)
        {
            below += series.Buckets[i];
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{among}le=\"{Bounds[i]}\"}} {below}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{among}le=\"+Inf\"}} {series.Count}\n{name}_sum{braces} {series.Sum:R}\n{name}_count{braces} {series.Count}\n");
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        lock (_gate)
        {
            (string name, string kind) = Form(instrument);
            if (!_families.TryGetValue(name, out Family? family))
                _families[name] = family = new Family(kind, instrument.Description ?? "");
            if (!family.Series.TryGetValue(labels, out Series? series))
            {
                if (family.Series.Count >= MaximumSeries)
                    labels = Overflow;
                if (!family.Series.TryGetValue(labels, out series))
                    family.Series[labels] = series = new Series();
            }

            series.Count++;
            series.Sum = kind == "gauge" ? value : series.Sum + value;
            if (kind == "histogram" && Array.FindIndex(Bounds, bound => value <= bound) is >= 0 and var bucket)
                series.Buckets[bucket]++;
        }
    }

    private static (string Name, string Kind) Form(Instrument instrument)
    {
        string name = instrument.Name.Replace('.', '_');
        return instrument switch
        {
            Histogram<double> => (name + "_seconds", "histogram"),
            Counter<long> => (name + "_total", "counter"),
            { Unit: "By" } => (name + "_bytes", "gauge"),
            _ => (name, "gauge"),
        };
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string key, object? value) in tags)
        {
            string escaped = Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length > 0 ? "," : "").Append(key).Append("=\"").Append(escaped).Append('"');
        }

        return text.ToString();
    }

    private sealed record Family(string Kind, string Help)
    {
        public SortedDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Series
    {
        public long Count { get; set; }

        public double Sum { get; set; }

        public long[] Buckets { get; } = new long[Bounds.Length];
    }
}

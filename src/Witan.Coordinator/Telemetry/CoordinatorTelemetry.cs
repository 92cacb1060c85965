using System.Diagnostics;
using System.Diagnostics.Metrics;
using Witan.Voting;

namespace Witan.Coordinator.Telemetry;

/// <summary>
/// What a coordinator says of itself in numbers. Every label has few values that are known beforehand: route templates, status codes,
/// refusal codes. No agent, proposal, address, evidence or ballot is in any of them.
/// </summary>
internal sealed class CoordinatorTelemetry : IDisposable
{
    /// <summary>Name of the meter and of the source of traces.</summary>
    public const string Name = "Witan.Coordinator";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _admissions;
    private readonly Counter<long> _ballots;
    private readonly Counter<long> _limited;
    private readonly Histogram<double> _requests;

    public CoordinatorTelemetry()
    {
        _requests = _meter.CreateHistogram<double>("witan.request.duration", "s", "Time to answer a request, by route template, method and status.");
        _admissions = _meter.CreateCounter<long>("witan.admissions", "{admission}", "Requests for admission, by outcome.");
        _ballots = _meter.CreateCounter<long>("witan.ballots", "{ballot}", "Ballots that were sent, by outcome.");
        _limited = _meter.CreateCounter<long>("witan.limited", "{request}", "Requests that were sent away for now, by the limit that they met.");
    }

    public Meter Meter => _meter;

    public ActivitySource Traces { get; } = new(Name);

    /// <summary>Numbers that are looked at when they are asked for.</summary>
    public void Observe(Func<int> agents, Func<IReadOnlyDictionary<ProposalState, int>> proposals)
    {
        _meter.CreateObservableGauge("witan.agents.present", agents, "{agent}", "Agents that are here now.");
        _meter.CreateObservableGauge(
            "witan.proposals",
            () => proposals().Select(pair => new Measurement<int>(pair.Value, new KeyValuePair<string, object?>("state", pair.Key.ToString()))),
            "{proposal}", "Proposals, by state.");
        _meter.CreateObservableGauge("witan.memory", () => Environment.WorkingSet, "By", "Memory of the process that is resident.");
    }

    public void Request(string route, string method, int status, TimeSpan took) => _requests.Record(took.TotalSeconds, [new("route", route), new("method", method), new("status", status)]);

    public void Admission(string outcome) => _admissions.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Ballot(string outcome) => _ballots.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Limited(string limit) => _limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Dispose()
    {
        Traces.Dispose();
        _meter.Dispose();
    }
}

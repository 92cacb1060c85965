using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Witan.Agent;
using Witan.Coordinator;
using Witan.Coordinator.Telemetry;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>What a running coordinator says of itself: useful numbers, and nothing that anybody sent.</summary>
public sealed class TelemetryTests
{
    private const string Canary = "canary4f1c9d";

    [Fact]
    public async Task Nothing_that_was_sent_is_in_metrics_traces_or_log()
    {
        var spans = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CoordinatorTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => spans.Enqueue($"{span.DisplayName} {span.TraceStateString} {string.Join(' ', span.Baggage)} {string.Join(' ', span.TagObjects)}"),
        };
        ActivitySource.AddActivityListener(listener);
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync();
        ProposalSummary proposal = await coordinator.ProposeAsync(TestProposals.Body(Canary));
        string ballot = $$"""{"vote":"{{Canary}}","choice":0}""";
        (string, string)[] headers =
        [
            ("Authorization", $"Bearer {Canary}"), (SignedRequest.AgentHeader, Canary), (SignedRequest.SignatureHeader, Canary),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", $"vendor={Canary}"), ("baggage", $"vote={Canary}"),
        ];
        await coordinator.SendAsync(HttpMethod.Post, $"/v1/proposals/{proposal.Id}/ballots?vote={Canary}", ballot, headers);
        await coordinator.SendAsync(HttpMethod.Post, "/v1/admission", ballot, headers);
        await coordinator.SendAsync(HttpMethod.Get, $"/{Canary}/{Canary}", null, headers);
        await coordinator.SendAsync(new HttpMethod(Canary.ToUpperInvariant()), "/v1/nonce", null, headers);

        string metrics = await coordinator.Http.GetStringAsync("/metrics");
        Assert.Contains("witan_request_duration_seconds_count{route=\"/v1/proposals/{id}/ballots\",method=\"POST\",status=\"401\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("witan_proposals{state=\"Draft\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains(spans, span => span.Contains("/v1/proposals/{id}/ballots", StringComparison.Ordinal));
        foreach (string text in (string[])[metrics, coordinator.Log, .. spans])
        {
            Assert.DoesNotContain(Canary, text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("0af7651916cd43dd8448eb211c80319c", text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(proposal.Id.ToString(), metrics, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_of_a_careless_label_stay_small()
    {
        using var meter = new Meter("test");
        using var text = new PrometheusText(meter);
        Counter<long> counter = meter.CreateCounter<long>("careless");
        for (int i = 0; i < 10_000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("agent", i));
        string[] lines = text.Write().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2 + PrometheusText.MaximumSeries + 1, lines.Length);
        Assert.Contains($"careless_total{{overflow=\"true\"}} {10_000 - PrometheusText.MaximumSeries}", lines);
    }

    [Fact]
    public void Labels_cannot_break_out_of_their_quotes()
    {
        using var meter = new Meter("test");
        using var text = new PrometheusText(meter);
        meter.CreateCounter<long>("quoted").Add(2, new KeyValuePair<string, object?>("label", "a\"\n\\b"));
        Assert.Contains("quoted_total{label=\"a\\\"\\n\\\\b\"} 2\n", text.Write(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_one_line_of_json_whatever_is_in_it()
    {
        var log = new StringWriter();
        new LogLines(log, "coordinator", json: true, TimeProvider.System).WriteLine("one\n{\"message\":\"forged\"}");
        string line = Assert.Single(log.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        using JsonDocument document = JsonDocument.Parse(line);
        Assert.Equal("one\n{\"message\":\"forged\"}", document.RootElement.GetProperty("message").GetString());
        Assert.Equal("coordinator", document.RootElement.GetProperty("program").GetString());
    }

    [Fact]
    public void A_message_is_one_line_of_text_whatever_is_in_it()
    {
        var log = new StringWriter();
        new LogLines(log, "coordinator", json: false, TimeProvider.System).WriteLine("revoked: \r\nwitan: error: forged\u2028\e[2J\n");
        Assert.Equal("revoked:  witan: error: forged \uFFFD[2J " + Environment.NewLine, log.ToString());
    }

    [Fact]
    public void Settings_are_shown_with_their_origin_and_without_secrets()
    {
        var options = new CoordinatorOptions
        {
            State = "/state",
            Store = $"postgres://user:{Canary}@db.example:5433/witan?password={Canary}",
            Target = $"webhook:https://hooks.example/{Canary}",
            MinimumWorkers = 3,
            Origins = new Dictionary<string, string> { ["Store"] = "environment", ["State"] = "option" },
        };
        string text = string.Join('\n', CoordinatorSettings.Of(options, name => name == "OTEL_EXPORTER_OTLP_HEADERS" ? $"key={Canary}" : null));
        Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
        Assert.Contains("setting Store = postgres://db.example:5433/*** (environment)", text, StringComparison.Ordinal);
        Assert.Contains("setting Target = webhook:https://hooks.example/*** (default)", text, StringComparison.Ordinal);
        Assert.Contains("setting State = /state (option)", text, StringComparison.Ordinal);
        Assert.Contains("setting Port = 3000 (default)", text, StringComparison.Ordinal);
        // None is left out.
        Assert.All(
            typeof(CoordinatorOptions).GetProperties().Where(property => property.Name != nameof(CoordinatorOptions.Origins)),
            property => Assert.Contains($"setting {property.Name} = ", text, StringComparison.Ordinal));
        Assert.Contains("setting MinimumWorkers = 3 (default)", text, StringComparison.Ordinal);
        Assert.Contains("setting Lease = 30 s (default)", text, StringComparison.Ordinal);
        Assert.Contains("setting OTEL_EXPORTER_OTLP_HEADERS = *** (environment)", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_asks_too_much_is_told_when_to_come_again()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync(change: options => options with { RequestsPerSecond = 5 });
        (HttpStatusCode Status, string Body, HttpResponseMessage Message)[] answers =
            await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => coordinator.SendAsync(HttpMethod.Get, "/v1/nonce")));
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.OK);
        (_, string body, HttpResponseMessage message) = answers.First(answer => answer.Status == HttpStatusCode.TooManyRequests);
        Assert.Equal("application/problem+json", message.Content.Headers.ContentType?.MediaType);
        Assert.InRange(message.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Contains("TOO_MANY_REQUESTS", body, StringComparison.Ordinal);
        (HttpStatusCode health, _, _) = await coordinator.SendAsync(HttpMethod.Get, "/healthz");
        Assert.Equal(HttpStatusCode.OK, health);
    }
}

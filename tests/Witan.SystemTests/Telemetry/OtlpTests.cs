using System.Diagnostics;
using System.Text;
using Witan.SystemTests.Council;
using Witan.SystemTests.Settlement;
using Xunit;

namespace Witan.SystemTests.Telemetry;

/// <summary>What a collector is sent by a coordinator's process, over OTLP as the exporter speaks it.</summary>
public sealed class OtlpTests : IDisposable
{
    private const string Canary = "canary5e7f31c9";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-otlp-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_collector_is_sent_spans_and_metrics_and_nothing_that_a_caller_wrote()
    {
        await using WebhookReceiver collector = await WebhookReceiver.StartAsync(_ => 200);
        int port = WitanProgram.Ports(1);
        using Process coordinator = WitanProgram.Start(
            [
                ("LOCAL_MODE", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            ],
            ["coordinator", "--state", _folder, "--port", $"{port}"]);
        Task<string> output = coordinator.StandardOutput.ReadToEndAsync(Cancel), error = coordinator.StandardError.ReadToEndAsync(Cancel);
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            http.DefaultRequestHeaders.Add("baggage", $"who={Canary}");
            http.DefaultRequestHeaders.Add("tracestate", $"a={Canary}");
            http.DefaultRequestHeaders.Add("traceparent", "00-cafe0cafe0cafe0cafe0cafe0cafe0ca-cafe0cafe0cafe0c-01");
            await ReadyAsync(http);
            (await http.GetAsync($"v1/nonce?for={Canary}", Cancel)).Dispose();
            (await http.GetAsync($"v1/proposals/{Canary}", Cancel)).Dispose();

            await UntilAsync(() => Spans(collector).Exists(name => name == "GET /v1/proposals/{id}") && Metrics(collector).Count > 0);
            Assert.Contains("GET /v1/nonce", Spans(collector));
            Assert.Contains(Metrics(collector), name => name.StartsWith("witan.", StringComparison.Ordinal));
            Assert.Contains(Metrics(collector), name => name.StartsWith("dotnet.", StringComparison.Ordinal));
            byte[] told = Encoding.ASCII.GetBytes(Canary), trace = Convert.FromHexString("cafe0cafe0cafe0cafe0cafe0cafe0ca");
            Assert.All(collector.Calls, call => Assert.True(call.Body.AsSpan().IndexOf(told) < 0 && call.Body.AsSpan().IndexOf(trace) < 0, $"{call.Path} carries what a caller wrote"));
        }
        finally
        {
            coordinator.Kill();
            await coordinator.WaitForExitAsync(Cancel);
        }

        Assert.DoesNotContain(Canary, await output + await error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_not_there_holds_nothing_up()
    {
        int port = WitanProgram.Ports(2);
        using Process coordinator = WitanProgram.Start(
            [("LOCAL_MODE", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port + 1}"), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "200")],
            ["coordinator", "--state", _folder, "--port", $"{port}"]);
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await ReadyAsync(http);
            for (int i = 0; i < 20; i++)
            {
                using HttpResponseMessage answer = await http.GetAsync("v1/nonce", Cancel);
                Assert.True(answer.IsSuccessStatusCode);
            }
        }
        finally
        {
            coordinator.Kill();
            await coordinator.WaitForExitAsync(Cancel);
        }
    }

    // ExportTraceServiceRequest: resource_spans 1, scope_spans 2, spans 2, name 5.
    private static List<string> Spans(WebhookReceiver collector) => Texts(collector, "/v1/traces", 1, 2, 2, 5);

    // ExportMetricsServiceRequest: resource_metrics 1, scope_metrics 2, metrics 2, name 1.
    private static List<string> Metrics(WebhookReceiver collector) => Texts(collector, "/v1/metrics", 1, 2, 2, 1);

    private static List<string> Texts(WebhookReceiver collector, string path, params int[] fields) =>
    [
        .. collector.Calls.Where(call => call.Path == path).SelectMany(call => fields.Aggregate(
            (IEnumerable<byte[]>)[call.Body], (messages, field) => messages.SelectMany(message => Members(message, field)))).Select(Encoding.UTF8.GetString),
    ];

    // The length-delimited members of a protobuf message with a field number. Throws where it is none.
    private static List<byte[]> Members(byte[] message, int field)
    {
        var members = new List<byte[]>();
        for (int at = 0; at < message.Length;)
        {
            ulong tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(message, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    int length = checked((int)Varint(message, ref at));
                    if ((int)(tag >> 3) == field)
                        members.Add(message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7} at {at}");
            }
        }

        return members;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private static async Task ReadyAsync(HttpClient http)
    {
        for (int i = 0; i < 600; i++)
        {
            try
            {
                using HttpResponseMessage ready = await http.GetAsync("readyz", Cancel);
                if (ready.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100, Cancel);
        }

        Assert.Fail("the coordinator is not ready");
    }

    private static async Task UntilAsync(Func<bool> isIt)
    {
        for (int i = 0; i < 600 && !isIt(); i++)
            await Task.Delay(50, Cancel);
        Assert.True(isIt());
    }
}

using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Evidence;

/// <summary>Event logs and digests, against real evidence and the literals of the reference implementation.</summary>
public class EventLogTests
{
    private static readonly Lazy<JsonDocument> Vectors = new(() => JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", "event-log.json"))));

    [Fact]
    public void Digests_of_both_versions_are_those_of_the_vectors()
    {
        JsonElement[] all = [.. Vectors.Value.RootElement.GetProperty("event_digests").EnumerateArray()];
        Assert.Equal(5, all.Length);
        Assert.All(all, vector =>
        {
            var first = new RuntimeEvent(vector.GetProperty("event").GetString()!, Convert.FromHexString(vector.GetProperty("payload").GetString()!));
            RuntimeEvent second = first with { Version = EventDigestVersion.V2 };
            Assert.Equal(vector.GetProperty("digest_v1").GetString(), Convert.ToHexStringLower(first.Digest()));
            Assert.Equal(vector.GetProperty("digest_v2").GetString(), Convert.ToHexStringLower(second.Digest()));
            Assert.Equal(vector.GetProperty("canonical_json").GetString(), Encoding.UTF8.GetString(second.Preimage()));
        });
    }

    [Fact]
    public void RTMR3_is_replayed_step_by_step()
    {
        JsonElement[] fixtures = [.. Vectors.Value.RootElement.GetProperty("fixtures").EnumerateArray()];
        Assert.Equal(3, fixtures.Length);
        Assert.All(fixtures, fixture =>
        {
            var register = new MeasurementRegister();
            foreach (JsonElement step in fixture.GetProperty("events").EnumerateArray())
            {
                var runtime = new RuntimeEvent(step.GetProperty("event").GetString()!, Convert.FromHexString(step.GetProperty("payload").GetString()!));
                register.Extend(runtime.Digest());
                Assert.Equal(step.GetProperty("rtmr3_after").GetString(), Convert.ToHexStringLower(register.Value));
            }

            Assert.Equal(fixture.GetProperty("quote_fields").GetProperty("rtmr3").GetString(), Convert.ToHexStringLower(register.Value));
        });
    }

    [Theory]
    [InlineData("vectors/dstack/fixture-quote-report.json", 28)]
    [InlineData("vectors/dstack/fixture-tdx-lite-getquote.json", 29)]
    [InlineData("data/dstack/rtmr3-report.json", 28)]
    public void A_log_is_read_as_an_array_and_as_a_string_that_holds_one(string path, int count)
    {
        using JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path(path)));
        JsonElement text = report.RootElement.GetProperty("event_log");
        Assert.True(EventLog.TryParse(Encoding.UTF8.GetBytes(text.GetRawText()), out EventLog? wrapped, out _));
        Assert.True(EventLog.TryParse(Encoding.UTF8.GetBytes(text.GetString()!), out EventLog? plain, out _));
        Assert.Equal(count, wrapped.Entries.Count);
        Assert.Equal(plain.ToJson(), wrapped.ToJson());
        Assert.Equal(text.GetString(), plain.ToJson());
    }

    [Theory]
    [InlineData("", "EVENT_LOG_FORMAT")]
    [InlineData("{}", "EVENT_LOG_FORMAT")]
    [InlineData("\"\"", "EVENT_LOG_FORMAT")]
    [InlineData("\"\\\"[]\\\"\"", "EVENT_LOG_FORMAT")]
    [InlineData("\"[] 1\"", "EVENT_LOG_FORMAT")]
    [InlineData("[] []", "EVENT_LOG_FORMAT")]
    [InlineData("[1]", "EVENT_LOG_ENTRY_INVALID")]
    [InlineData("[{}]", "EVENT_LOG_ENTRY_INVALID")]
    [InlineData("[{\"imr\":4,\"event_type\":1,\"event\":\"\"}]", "EVENT_LOG_ENTRY_INVALID")]
    [InlineData("[{\"imr\":-1,\"event_type\":1,\"event\":\"\"}]", "EVENT_LOG_FORMAT")]
    [InlineData("[{\"imr\":3,\"imr\":3,\"event_type\":1,\"event\":\"\"}]", "EVENT_LOG_ENTRY_INVALID")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"event\":\"a\",\"event\":\"b\"}]", "EVENT_LOG_ENTRY_INVALID")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"event\":\"\",\"digest\":\"00\"}]", "EVENT_LOG_ENTRY_INVALID")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"event\":\"\",\"digest\":\"0\"}]", "EVENT_LOG_FORMAT")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"event\":\"\",\"digest\":\"zz\"}]", "EVENT_LOG_FORMAT")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"event\":null}]", "EVENT_LOG_FORMAT")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"event\":\"\\ud800\"}]", "EVENT_LOG_FORMAT")]
    [InlineData("[{\"imr\":3,\"event_type\":4294967296,\"event\":\"\"}]", "EVENT_LOG_FORMAT")]
    [InlineData("[{\"imr\":3,", "EVENT_LOG_FORMAT")]
    public void What_is_no_log_is_refused_with_a_finding(string json, string code)
    {
        Assert.False(EventLog.TryParse(Encoding.UTF8.GetBytes(json), out _, out Finding? refusal));
        Assert.Equal(code, refusal.Code);
    }

    [Fact]
    public void A_log_of_100000_entries_is_refused_quickly()
    {
        string json = "[" + string.Join(',', Enumerable.Repeat("{\"imr\":3,\"event_type\":134217729,\"event\":\"x\",\"event_payload\":\"\"}", 100_000)) + "]";
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.False(EventLog.TryParse(Encoding.UTF8.GetBytes(json), out _, out Finding? refusal));
        Assert.Equal("EVENT_LOG_TOO_LONG", refusal.Code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), watch.Elapsed.ToString());
    }

    [Fact]
    public void Deep_nesting_is_refused_and_not_followed() =>
        Assert.False(EventLog.TryParse(Encoding.UTF8.GetBytes("[{\"x\":" + new string('[', 100_000)), out _, out _));

    [Fact]
    public void An_entry_of_version_2_carries_its_preimage_through_JSON()
    {
        EventLogEntry entry = EventLogEntry.Of(new RuntimeEvent("compose-hash", new byte[] { 0xab, 0xcd }, EventDigestVersion.V2));
        Assert.True(EventLog.TryParse(Encoding.UTF8.GetBytes(new EventLog([entry]).ToJson()), out EventLog? log, out _));
        Assert.Equal(2, log.Entries[0].Version);
        Assert.Equal("{\"name\":\"compose-hash\",\"payload\":\"abcd\",\"type\":134217729}", Encoding.UTF8.GetString(log.Entries[0].Preimage!.Value.Span));
    }
}

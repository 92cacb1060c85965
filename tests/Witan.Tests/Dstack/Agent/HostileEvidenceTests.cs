using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Witan.Dstack.Simulator.Pki;
using Xunit;

namespace Witan.Tests.Dstack.Agent;

/// <summary>Evidence from an agent that lies or exaggerates: genuine quotes over odd event logs, and logs without measure.</summary>
public sealed class HostileEvidenceTests : IDisposable
{
    private static readonly byte[] Seed = [.. Enumerable.Repeat((byte)5, 32)];
    private static readonly DateTimeOffset At = new(2026, 6, 10, 12, 0, 0, TimeSpan.Zero);
    private readonly DevelopmentPki _pki = new(Seed);
    private readonly TdQuoteAuthor _author;
    private readonly TrustedCollateral _collateral;

    public HostileEvidenceTests()
    {
        _author = new TdQuoteAuthor(_pki, Seed);
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(_pki.RootPem), true, out TrustRoot? root, out _));
        Assert.True(Collateral.TryParse(_pki.Collateral(At), out Collateral? collateral, out _));
        _collateral = CollateralVerifier.Verify(collateral, root, At).Trusted!;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static RuntimeEvent[] Boot =>
    [
        new(EventNames.SystemPreparing, default), new(EventNames.AppId, new byte[20]), new(EventNames.ComposeHash, Bytes(1, 32)), new(EventNames.InstanceId, Bytes(2, 20)),
        new(EventNames.BootMrDone, default), new(EventNames.KeyProvider, """{"name":"none","id":""}"""u8.ToArray()), new(EventNames.SystemReady, default),
    ];

    public void Dispose()
    {
        _author.Dispose();
        _pki.Dispose();
    }

    [Fact]
    public void A_well_behaved_log_is_genuine() => Assert.Equal(Authenticity.Genuine, Verify(Boot).Authenticity);

    [Fact]
    public void Measured_events_with_known_names_after_system_ready_never_count()
    {
        DstackFacts facts = Verify([.. Boot, new(EventNames.ComposeHash, Bytes(9, 32)), new(EventNames.AppId, Bytes(9, 20)), new(EventNames.SystemReady, default), new(EventNames.InstanceId, Bytes(9, 20))]);
        Assert.Equal(Bytes(1, 32), facts.Identity.ComposeHash!.Value.ToArray());
        Assert.Equal(new byte[20], facts.Identity.AppId!.Value.ToArray());
        Assert.Equal(Bytes(2, 20), facts.Identity.InstanceId!.Value.ToArray());
        Assert.Contains(facts.Findings, finding => finding.Code == "EVENT_AFTER_READY");
        Assert.DoesNotContain(facts.Findings, finding => finding.Severity == FindingSeverity.Error);
    }

    [Fact]
    public void A_known_name_only_after_system_ready_is_as_good_as_none()
    {
        DstackFacts facts = Verify([.. Boot.Where(each => each.Name != EventNames.ComposeHash), new(EventNames.ComposeHash, Bytes(9, 32))]);
        Assert.Null(facts.Identity.ComposeHash);
    }

    [Fact]
    public void A_name_measured_twice_before_system_ready_is_ambiguous_even_under_a_genuine_quote()
    {
        RuntimeEvent[] doubled = [.. Boot[..3], new(EventNames.ComposeHash, Bytes(9, 32)), .. Boot[3..]];
        DstackFacts facts = Verify(doubled);
        Assert.Equal(Authenticity.NotGenuine, facts.Authenticity);
        Assert.Contains(facts.Findings, finding => finding.Code == "EVENT_DUPLICATE");
    }

    [Fact]
    public void Events_shown_in_another_order_than_measured_do_not_replay()
    {
        RuntimeEvent[] shown = [.. Boot];
        (shown[1], shown[2]) = (shown[2], shown[1]);
        Assert.Contains(Verify(Boot, shown).Findings, finding => finding.Code == "RTMR3_REPLAY_MISMATCH");
        Assert.Contains(Verify(Boot, [.. Boot, Boot[^1]]).Findings, finding => finding.Code == "RTMR3_REPLAY_MISMATCH");
        Assert.Contains(Verify(Boot, Boot[..^1]).Findings, finding => finding.Code == "RTMR3_REPLAY_MISMATCH");
    }

    [Fact]
    public async Task An_event_log_of_a_hundred_thousand_entries_is_refused_by_its_place_in_bounded_memory()
    {
        string one = JsonSerializer.Serialize(new { imr = 3, event_type = RuntimeEvent.Type, digest = "", @event = "x", event_payload = "00" });
        string log = "[" + string.Join(',', Enumerable.Repeat(one, 100_000)) + "]";
        string answer = JsonSerializer.Serialize(new { quote = "00", event_log = log, report_data = "", vm_config = "{}" });
        await using var agent = new HostileAgent(HostileAgent.Whole(answer));
        using var client = new DstackClient(agent.Path);
        GetQuoteResponse response = await client.GetQuoteAsync(new byte[64], Cancel);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(EventLog.TryParse(Encoding.UTF8.GetBytes(response.EventLog), out _, out Finding? refusal));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        Assert.Equal("EVENT_LOG_TOO_LONG", refusal.Code);
        Assert.NotNull(refusal.Offset);
    }

    [Fact]
    public void The_longest_log_that_is_read_gives_a_handful_of_findings()
    {
        RuntimeEvent[] flood = [.. Enumerable.Repeat(new RuntimeEvent("app-id", Bytes(9, 20)), EventLog.MaximumEntries)];
        DstackFacts facts = Verify(Boot, flood);
        Assert.InRange(facts.Findings.Count, 1, 20);
        Assert.Equal(Authenticity.NotGenuine, facts.Authenticity);
    }

    [Fact]
    public void Thousands_of_unknown_names_are_counted_rather_than_listed()
    {
        RuntimeEvent[] many = [.. Boot[..3], .. Enumerable.Range(0, 5000).Select(i => new RuntimeEvent($"x{i}", default)), .. Boot[3..]];
        DstackFacts facts = Verify(many);
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Assert.Contains(facts.Findings, finding => finding.Message.Contains("4992 more events", StringComparison.Ordinal));
        Assert.InRange(facts.Findings.Count, 9, 20);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("[{\"imr\":4,\"event_type\":1,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]")]
    [InlineData("[{\"imr\":-1,\"event_type\":1,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]")]
    [InlineData("[{\"imr\":3,\"imr\":3,\"event_type\":1,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]")]
    [InlineData("[{\"imr\":3,\"event_type\":1,\"digest\":\"zz\",\"event\":\"\",\"event_payload\":\"\"}]")]
    [InlineData("[{\"imr\":3,\"event_type\":99999999999,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]")]
    [InlineData("[] []")]
    public void Logs_that_are_none_are_refused(string json)
    {
        Assert.False(EventLog.TryParse(Encoding.UTF8.GetBytes(json), out _, out Finding? refusal));
        Assert.StartsWith("EVENT_", refusal.Code, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_over_other_report_data_is_refused()
    {
        DstackEvidence evidence = Evidence(Boot, Boot);
        DstackFacts facts = DstackEvidence.Verify(evidence, _collateral, new EvidenceExpectations { ReportData = Bytes(7, 64) }, At);
        Assert.Equal(Authenticity.NotGenuine, facts.Authenticity);
        Assert.Equal("REPORT_DATA_MISMATCH", facts.Findings.First(finding => finding.Severity == FindingSeverity.Error).Code);
    }

    [Fact]
    public async Task Report_data_of_no_or_too_many_bytes_is_never_sent()
    {
        await using var agent = new HostileAgent(HostileAgent.Whole("{}"));
        using var client = new DstackClient(agent.Path);
        foreach (int size in new[] { 0, 65, 1 << 20 })
        {
            Assert.Contains("1 to 64 bytes", (await Assert.ThrowsAsync<ArgumentException>(() => client.GetQuoteAsync(new byte[size], Cancel))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<ArgumentException>(() => client.AttestAsync(new byte[size], Cancel));
        }
    }

    private static byte[] Bytes(byte value, int size) => [.. Enumerable.Repeat(value, size)];

    private DstackFacts Verify(RuntimeEvent[] measured, RuntimeEvent[]? shown = null) =>
        DstackEvidence.Verify(Evidence(measured, shown ?? measured), _collateral, EvidenceExpectations.None, At);

    private DstackEvidence Evidence(RuntimeEvent[] measured, RuntimeEvent[] shown)
    {
        byte[] zero = new byte[48];
        byte[] quote = _author.Quote(new TdMeasurements(zero, zero, [zero, zero, zero, MeasurementRegister.Replay(measured)]), new byte[64]);
        Assert.True(Quote.TryParse(quote, out Quote? parsed, out Finding? refusal), refusal?.Message);
        return new DstackEvidence { Quote = parsed, EventLog = new EventLog([.. shown.Select(EventLogEntry.Of)]) };
    }
}

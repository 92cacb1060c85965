using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Simulator;
using Xunit;

namespace Witan.Tests.Simulator;

public sealed class SimulatorTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-sim-").FullName;
    private SimulatorServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string SocketPath(string name) => Path.Combine(_folder, name + ".sock");

    public async ValueTask InitializeAsync() => _server = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Its_evidence_verifies_by_the_same_code_under_its_own_root_and_says_simulated()
    {
        using var client = new DstackClient(SocketPath("w1"));
        byte[] reportData = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        GetQuoteResponse evidence = await client.GetQuoteAsync(reportData, Cancel);
        QuoteFacts facts = Verify(evidence);
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        Assert.Equal(TcbStatus.UpToDate, facts.Tcb!.Status);
        Assert.True(facts.IsSimulated);
        Assert.Equal(reportData, facts.Quote.ReportData.ToArray());
        Assert.Equal(AppraisalOutcome.Rejected, Appraiser.Appraise(facts, AppraisalPolicy.Phala).Outcome);
        Verdict verdict = Appraiser.Appraise(facts, AppraisalPolicy.Phala with { AcceptSimulated = true, ReportData = reportData });
        Assert.Equal((AppraisalOutcome.Accepted, 1), (verdict.Outcome, verdict.ConfidenceLevel!.Value));
        Assert.True(verdict.IsSimulated);
    }

    [Fact]
    public async Task Event_log_registers_and_compose_hash_hang_together()
    {
        using var client = new DstackClient(SocketPath("w1"));
        InfoResponse info = await client.InfoAsync(Cancel);
        GetQuoteResponse evidence = await client.GetQuoteAsync(new byte[] { 1 }, Cancel);
        Assert.True(EventLog.TryParse(evidence.EventLog, out IReadOnlyList<DstackEvent> events));
        TdReport td = Verify(evidence).Quote.TdReport;
        for (int i = 0; i < 4; i++)
            Assert.Equal(td.Rtmr(i).ToArray(), EventLog.Replay(events, i));
        Assert.Equal(info.ComposeHash, EventLog.Find(events, "compose-hash"));
        Assert.Equal(info.AppId, EventLog.Find(events, "app-id"));
        Assert.Equal(info.InstanceId, EventLog.Find(events, "instance-id"));
    }

    [Fact]
    public async Task Instances_of_one_app_share_keys_and_a_restart_changes_nothing()
    {
        using var one = new DstackClient(SocketPath("w1"));
        using var two = new DstackClient(SocketPath("w2"));
        using var other = new DstackClient(SocketPath("t1"));
        string key = (await one.GetKeyAsync("witan/signing", cancellationToken: Cancel)).Key;
        Assert.Equal(key, (await two.GetKeyAsync("witan/signing", cancellationToken: Cancel)).Key);
        Assert.NotEqual(key, (await other.GetKeyAsync("witan/signing", cancellationToken: Cancel)).Key);
        Assert.NotEqual(key, (await one.GetKeyAsync("witan/other", cancellationToken: Cancel)).Key);
        Assert.NotEqual((await one.InfoAsync(Cancel)).InstanceId, (await two.InfoAsync(Cancel)).InstanceId);
        string instance = (await one.InfoAsync(Cancel)).InstanceId;
        await _server.DisposeAsync();
        _server = await StartAsync();
        using var again = new DstackClient(SocketPath("w1"));
        Assert.Equal(key, (await again.GetKeyAsync("witan/signing", cancellationToken: Cancel)).Key);
        Assert.Equal(instance, (await again.InfoAsync(Cancel)).InstanceId);
    }

    [Fact]
    public async Task Refusals_have_the_agents_own_words()
    {
        using var client = new DstackClient(SocketPath("w1"));
        DstackException e = await Assert.ThrowsAsync<DstackException>(() => client.GetKeyAsync("x", "", "rsa", Cancel));
        Assert.Equal("GetKey: Unsupported algorithm", e.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetQuoteAsync(new byte[65], Cancel));
        Assert.Equal("Unix socket file /nowhere.sock does not exist", Assert.Throws<DstackException>(() => new DstackClient("/nowhere.sock")).Message);
    }

    private QuoteFacts Verify(GetQuoteResponse evidence)
    {
        Assert.True(TrustRoot.TryCreate(File.ReadAllBytes(Path.Combine(_folder, "root.pem")), true, out TrustRoot? root, out _));
        Assert.True(Collateral.TryParse(File.ReadAllBytes(Path.Combine(_folder, "collateral.json")), out Collateral? collateral, out Finding? refusal), refusal?.ToString());
        CollateralVerification verification = CollateralVerifier.Verify(collateral, root, TimeProvider.System.GetUtcNow());
        Assert.True(verification.Trusted is not null, string.Join("; ", verification.Findings));
        Assert.True(Quote.TryParse(Convert.FromHexString(evidence.Quote), out Quote? quote, out _));
        return QuoteVerifier.Verify(quote, verification.Trusted, TimeProvider.System.GetUtcNow());
    }

    private Task<SimulatorServer> StartAsync() => SimulatorServer.StartAsync(
        new byte[32],
        _folder,
        [new SimulatorSocket("worker", "w1", SocketPath("w1")), new SimulatorSocket("worker", "w2", SocketPath("w2")), new SimulatorSocket("trustee", "t1", SocketPath("t1"))],
        TimeProvider.System,
        CancellationToken.None);
}

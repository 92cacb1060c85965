using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Evidence;
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
        Assert.True(EventLog.TryParse(System.Text.Encoding.UTF8.GetBytes(evidence.EventLog), out EventLog? log, out _));
        TdReport td = Verify(evidence).Quote.TdReport;
        for (int i = 0; i < 4; i++)
        {
            var digests = log.Entries.Where(entry => entry.Register == i).Select(entry => entry.IsRuntime ? entry.ToRuntimeEvent().Digest() : entry.Digest.ToArray());
            Assert.Equal(td.Rtmr(i).ToArray(), MeasurementRegister.Fold(digests));
        }

        string Payload(string name) => Convert.ToHexStringLower(log.RuntimeEvents.Single(entry => entry.Name == name).Payload.Span);
        Assert.Equal(info.ComposeHash, Payload(EventNames.ComposeHash));
        Assert.Equal(info.AppId, Payload(EventNames.AppId));
        Assert.Equal(info.InstanceId, Payload(EventNames.InstanceId));
    }

    [Fact]
    public async Task Instances_of_one_app_share_keys_and_a_restart_changes_nothing()
    {
        using var one = new DstackClient(SocketPath("w1"));
        using var two = new DstackClient(SocketPath("w2"));
        using var other = new DstackClient(SocketPath("t1"));
        async Task<string> Key(DstackClient client, string path)
        {
            using GetKeyResponse response = await client.GetKeyAsync(path, cancellationToken: Cancel);
            return Convert.ToHexStringLower(response.Key);
        }

        string key = await Key(one, "witan/signing");
        Assert.Equal(key, await Key(two, "witan/signing"));
        Assert.NotEqual(key, await Key(other, "witan/signing"));
        Assert.NotEqual(key, await Key(one, "witan/other"));
        Assert.NotEqual((await one.InfoAsync(Cancel)).InstanceId, (await two.InfoAsync(Cancel)).InstanceId);
        string instance = (await one.InfoAsync(Cancel)).InstanceId;
        await _server.DisposeAsync();
        _server = await StartAsync();
        using var again = new DstackClient(SocketPath("w1"));
        Assert.Equal(key, await Key(again, "witan/signing"));
        Assert.Equal(instance, (await again.InfoAsync(Cancel)).InstanceId);
    }

    [Fact]
    public async Task Refusals_have_the_agents_own_words()
    {
        using var client = new DstackClient(SocketPath("w1"));
        DstackException e = await Assert.ThrowsAnyAsync<DstackException>(() => client.GetKeyAsync("x", "", "rsa", Cancel));
        Assert.Contains("Unsupported algorithm", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetQuoteAsync(new byte[65], Cancel));
        Assert.Equal("Unix socket file /nowhere.sock does not exist", Assert.ThrowsAny<DstackException>(() => new DstackClient("/nowhere.sock")).Message);
    }

    [Fact]
    public async Task A_socket_that_somebody_serves_is_not_taken_over()
    {
        IOException e = await Assert.ThrowsAsync<IOException>(StartAsync);
        Assert.Contains(SocketPath("w1"), e.Message, StringComparison.Ordinal);
        using var client = new DstackClient(SocketPath("w1"));
        await client.InfoAsync(Cancel);
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
        new SimulatorOptions
        {
            Seed = new byte[32],
            State = _folder,
            Sockets = [new SimulatorSocket("worker", "w1", SocketPath("w1")), new SimulatorSocket("worker", "w2", SocketPath("w2")), new SimulatorSocket("trustee", "t1", SocketPath("t1"))],
        },
        CancellationToken.None);
}

using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Simulator;

/// <summary>Agents of other versions have other methods, and the client says so instead of sending what they would misread.</summary>
public sealed class AgentVersionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_from_before_0_5_7_has_keys_and_quotes_and_nothing_newer()
    {
        await using SimulatedAgent agent = await SimulatedAgent.StartAsync(SimulatedAgent.With(version: "0.5.6"));
        using var client = new DstackClient(agent.Guest);
        Assert.NotEmpty((await client.GetQuoteAsync(new byte[1], Cancel)).QuoteBytes());
        using (GetKeyResponse key = await client.GetKeyAsync("a", cancellationToken: Cancel))
            Assert.Equal(2, key.SignatureChain.Count);
        using (GetTlsKeyResponse tls = await client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "a" }, Cancel))
            Assert.NotEmpty(tls.CertificateChain);
        await Assert.ThrowsAsync<DstackVersionException>(() => client.GetKeyAsync("a", "", "ed25519", Cancel));
        await Assert.ThrowsAsync<DstackVersionException>(() => client.GetTlsKeyAsync(new TlsKeyOptions { AppInfo = true }, Cancel));
        await Assert.ThrowsAsync<DstackVersionException>(() => client.AttestAsync(new byte[1], Cancel));
        await Assert.ThrowsAsync<DstackVersionException>(() => client.SignAsync("ed25519", new byte[1], Cancel));
        await Assert.ThrowsAsync<DstackVersionException>(() => client.VerifyAsync("ed25519", new byte[1], new byte[64], new byte[32], Cancel));
        await Assert.ThrowsAsync<DstackVersionException>(() => client.GpuInfoAsync(Cancel));
        Assert.Equal("Version: Service not found", (await Assert.ThrowsAsync<DstackRefusedException>(() => client.VersionAsync(Cancel))).Message);
    }

    [Fact]
    public async Task The_current_agent_has_GPU_info_and_no_EmitEvent()
    {
        await using SimulatedAgent agent = await SimulatedAgent.StartAsync();
        using var client = new DstackClient(agent.Guest);
        Assert.Equal("0.6.0", (await client.VersionAsync(Cancel)).Version);
        Assert.Equal("", (await client.GpuInfoAsync(Cancel)).Attestation);
#pragma warning disable CS0618 // the gate of the obsolete method is what is tested
        await Assert.ThrowsAsync<DstackVersionException>(() => client.EmitEventAsync("x", new byte[1], Cancel));
#pragma warning restore CS0618
        using var http = new HttpClient { BaseAddress = agent.Address };
        using HttpResponseMessage refused = await http.GetAsync("EmitEvent?event=x&payload=00", Cancel);
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Contains("EmitEvent was removed in dstack 0.6.0", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}

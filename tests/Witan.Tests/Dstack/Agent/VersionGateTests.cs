using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Dstack.Agent;

public class VersionGateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Answers whatever it is asked as Version would be: with its version, or, where it has none, with a refusal.
    private static HostileAgent Agent(string? version) => new(version is null
        ? HostileAgent.Whole("""{"error":"Method not found"}""", 400)
        : HostileAgent.Whole($$"""{"version":"{{version}}","rev":"r"}"""));

    [Fact]
    public async Task Ed25519_keys_are_not_asked_of_an_agent_that_would_sign_the_wrong_key()
    {
        await using HostileAgent agent = Agent(null);
        using var client = new DstackClient(agent.Path);
        DstackVersionException e = await Assert.ThrowsAsync<DstackVersionException>(() => client.GetKeyAsync("x", "", "ed25519", Cancel));
        Assert.Contains("OS version too old", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_new_method_names_the_version_it_needs()
    {
        await using HostileAgent agent = Agent(null);
        using var client = new DstackClient(agent.Path);
        Assert.Contains("0.5.7", (await Assert.ThrowsAsync<DstackVersionException>(() => client.AttestAsync(new byte[1], Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("0.5.7", (await Assert.ThrowsAsync<DstackVersionException>(() => client.SignAsync("ed25519", new byte[1], Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("0.6", (await Assert.ThrowsAsync<DstackVersionException>(() => client.GpuInfoAsync(Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DstackVersionException>(
            () => client.GetTlsKeyAsync(new TlsKeyOptions { NotAfter = DateTimeOffset.UnixEpoch }, Cancel));
    }

    [Fact]
    public async Task EmitEvent_is_not_sent_to_an_agent_that_has_it_no_more()
    {
        await using HostileAgent agent = Agent("0.6.1");
        using var client = new DstackClient(agent.Path);
#pragma warning disable CS0618 // the gate of the obsolete method is what is tested
        DstackVersionException e = await Assert.ThrowsAsync<DstackVersionException>(() => client.EmitEventAsync("x", new byte[1], Cancel));
#pragma warning restore CS0618
        Assert.Equal("EmitEvent was removed in dstack OS 0.6; this agent is 0.6.1", e.Message);
    }

    [Theory]
    [InlineData("0.5.7", "0.5.7")]
    [InlineData("v0.6.0-beta.1", "0.6.0")]
    [InlineData("0.5.7.", "0.5.7")]
    [InlineData("main", null)]
    [InlineData("", null)]
    public void Version_numbers_are_read_from_the_front(string text, string? number) =>
        Assert.Equal(number is null ? null : Version.Parse(number), new VersionResponse(text).Number);

    [Fact]
    public async Task What_the_agent_would_refuse_anyway_is_not_sent()
    {
        await using HostileAgent agent = Agent(null);
        using var client = new DstackClient(agent.Path);
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetQuoteAsync(new byte[65], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetQuoteAsync(default, Cancel));
        Assert.StartsWith(
            "Pre-hashed signing requires a 32-byte digest, but received 5 bytes",
            (await Assert.ThrowsAsync<ArgumentException>(() => client.SignAsync("secp256k1_prehashed", new byte[5], Cancel))).Message,
            StringComparison.Ordinal);
    }
}

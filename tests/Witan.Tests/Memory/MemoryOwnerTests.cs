using System.Security.Cryptography;
using Witan.Agent;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Dstack.Simulator;
using Witan.Tests.Coordinator;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Memory;

/// <summary>Whose a memory is: the app's on each of its hosts, until an owner has written in it.</summary>
public sealed class MemoryOwnerTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-owner-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string FilePath => Path.Combine(_folder, WorkerMind.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_an_owner_it_opens_on_another_instance_of_the_app_and_an_owner_may_come_later()
    {
        string one = Path.Combine(_folder, "1.sock"), two = Path.Combine(_folder, "2.sock"), other = Path.Combine(_folder, "3.sock");
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions
            {
                Seed = new byte[32],
                State = Path.Combine(_folder, "simulator"),
                Sockets = [new SimulatorSocket("worker", "one", one), new SimulatorSocket("worker", "two", two), new SimulatorSocket("other", "one", other)],
            },
            Cancel);
        using var first = new DstackClient(one);
        using var second = new DstackClient(two);
        using var stranger = new DstackClient(other);

        WorkerMind mind = await MindAsync(first);
        Assert.Equal("there was no memory; an empty one begins", await mind.StartAsync(Cancel));
        await mind.RememberAsync(new Digest(new byte[32]), TestProposals.Body("a grant"), new Opinion(0, "cheap"), Cancel);

        WorkerMind moved = await MindAsync(second);
        Assert.Equal("memory: 1 entries, changed 1 times", await moved.StartAsync(Cancel));
        Assert.Contains("voted Approve", Assert.Single(await moved.RecallAsync(Cancel)).Text, StringComparison.Ordinal);

        byte[] seed = RandomNumberGenerator.GetBytes(32), owner = Ed25519.PublicKey(seed);
        await Mind(second, owner).StartAsync(Cancel);
        await Store(second).AddAsync(owner, Note(seed, "be kind"), Cancel);
        Assert.Equal(2, (await Mind(first, owner).RecallAsync(Cancel)).Count);
        // From the first note on it is that owner's.
        MemoryException refused = await Assert.ThrowsAsync<MemoryException>(async () => await (await MindAsync(first)).StartAsync(Cancel));
        Assert.Contains(Convert.ToHexStringLower(owner), refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MemoryException>(() => Mind(stranger, owner).StartAsync(Cancel));
    }

    [Fact]
    public async Task A_memory_that_is_gone_or_older_than_what_the_worker_saw_is_no_empty_mind()
    {
        byte[] owner = Ed25519.PublicKey(new byte[32]);
        var mind = new WorkerMind(new MemoryStore(FilePath, (_, _) => Task.FromResult(new byte[32])), owner, TimeProvider.System);
        await mind.StartAsync(Cancel);
        byte[] old = await File.ReadAllBytesAsync(FilePath, Cancel);
        await mind.RememberAsync(new Digest(new byte[32]), TestProposals.Body("a grant"), new Opinion(1, "dear"), Cancel);
        await File.WriteAllBytesAsync(FilePath, old, Cancel);
        MemoryException refused = await Assert.ThrowsAsync<MemoryException>(() => mind.RecallAsync(Cancel));
        Assert.Contains("an older one was put back", refused.Message, StringComparison.Ordinal);
        // Nor is anything written on it: with one entry more it would pass for the newest.
        refused = await Assert.ThrowsAsync<MemoryException>(() => mind.RememberAsync(new Digest(new byte[32]), TestProposals.Body("a grant"), new Opinion(1, "dear"), Cancel));
        Assert.Contains("an older one was put back", refused.Message, StringComparison.Ordinal);
        Assert.Equal(old, await File.ReadAllBytesAsync(FilePath, Cancel));
        File.Delete(FilePath);
        await Assert.ThrowsAsync<MemoryException>(() => mind.RecallAsync(Cancel));
    }

    [Fact]
    public async Task Long_reasons_are_never_cut_inside_a_character()
    {
        var mind = new WorkerMind(new MemoryStore(FilePath, (_, _) => Task.FromResult(new byte[32])), Ed25519.PublicKey(new byte[32]), TimeProvider.System);
        await mind.StartAsync(Cancel);
        await mind.RememberAsync(new Digest(new byte[32]), TestProposals.Body("a grant"), new Opinion(1, new string('x', 999) + "\U0001F600, and more"), Cancel);
        Assert.EndsWith(". " + new string('x', 999) + " (cut)", Assert.Single(await mind.RecallAsync(Cancel)).Text, StringComparison.Ordinal);
    }

    private static MemoryEntry Note(byte[] seed, string text) => new(MemoryKind.Preference, Noon, text)
    {
        OwnerSignature = Ed25519.Sign(seed, WorkerMemory.SignedBytes(Ed25519.PublicKey(seed), MemoryKind.Preference, Noon, text)),
    };

    private async Task<WorkerMind> MindAsync(DstackClient host)
    {
        using AgentSecrets secrets = await AgentSecrets.FromDstackAsync(host, AgentRole.Worker, shared: false, Cancel);
        return Mind(host, await MemoryOwner.OfAppAsync((path, token) => AppKey.DeriveAsync(host, secrets, path, token), Cancel));
    }

    private WorkerMind Mind(DstackClient host, byte[] owner) => new(Store(host), owner, TimeProvider.System);

    private MemoryStore Store(DstackClient host) => new(FilePath, async (epoch, token) =>
    {
        using GetKeyResponse key = await host.GetKeyAsync($"witan/worker/memory/{epoch}", cancellationToken: token);
        return key.ToBytes();
    });
}

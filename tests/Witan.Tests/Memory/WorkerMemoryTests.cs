using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Memory;

public sealed class WorkerMemoryTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Proposal = new('a', 64);
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-memory-").FullName;
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_added_is_there_after_a_restart_and_on_another_host_of_the_same_app()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        MemoryStore store = Store();
        await store.AddAsync(owner, Note("libraries matter"), Cancel);
        await store.AddAsync(owner, new MemoryEntry(MemoryKind.Decision, Noon, "voted for the grant") { Proposal = Proposal }, Cancel);

        WorkerMemory again = await Store().OpenAsync(owner, Cancel);
        Assert.Equal(2UL, again.Sequence);
        Assert.Equal(["libraries matter", "voted for the grant"], again.Entries.Select(entry => entry.Text));
    }

    [Fact]
    public async Task A_decision_said_again_after_a_crash_replaces_what_was_said_before()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        await Store().AddAsync(owner, new MemoryEntry(MemoryKind.Decision, Noon, "for") { Proposal = Proposal }, Cancel);
        WorkerMemory memory = await Store().AddAsync(owner, new MemoryEntry(MemoryKind.Decision, Noon, "against") { Proposal = Proposal }, Cancel);
        Assert.Equal("against", Assert.Single(memory.Entries).Text);
    }

    [Fact]
    public async Task Two_writers_at_once_lose_nothing()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        _ = Store(); // the first one makes the file
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Store().AddAsync(owner, Note($"note {i}"), Cancel))));
        Assert.Equal(16, (await Store().OpenAsync(owner, Cancel)).Entries.Count);
    }

    [Fact]
    public void The_owners_notes_come_first_and_only_the_newest_decisions_are_recalled()
    {
        WorkerMemory memory = WorkerMemory.Empty(Ed25519.PublicKey(_seed));
        for (int i = 0; i < 30; i++)
            memory = memory.With(new MemoryEntry(MemoryKind.Decision, Noon, $"decision {i}") { Proposal = $"{i:x64}" });
        memory = memory.With(Note("libraries matter"));
        IReadOnlyList<Recollection> recalled = Recollection.Of(memory);
        Assert.EndsWith("libraries matter", recalled[0].Text, StringComparison.Ordinal);
        Assert.EndsWith("decision 10", recalled[1].Text, StringComparison.Ordinal);
        Assert.EndsWith("decision 29", recalled[^1].Text, StringComparison.Ordinal);
        Assert.Equal(21, recalled.Count);
    }

    [Fact]
    public void Of_too_many_notes_the_newest_are_recalled_and_it_is_known_how_many_are_not()
    {
        WorkerMemory memory = WorkerMemory.Empty(Ed25519.PublicKey(_seed));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(Math.Max(0, i - 3), Recollection.NotesLeftOut(memory));
            memory = memory.With(Note($"{i}{new string('.', 3900)}"));
        }

        Assert.Equal(2, Recollection.NotesLeftOut(memory));
        Assert.Equal(["2", "3", "4"], Recollection.Of(memory).Select(entry => entry.Text.Split(": ")[1][..1]));
    }

    [Fact]
    public async Task Nothing_of_it_stands_on_the_disk_in_clear()
    {
        await Store().AddAsync(Ed25519.PublicKey(_seed), Note("a-very-private-canary"), Cancel);
        foreach (string file in Directory.EnumerateFiles(_folder))
        {
            Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf("a-very-private-canary"u8));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task Another_app_cannot_open_it_and_does_not_start_with_an_empty_mind()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        await Store().AddAsync(owner, Note("x"), Cancel);
        var stranger = new MemoryStore(FilePath, (epoch, _) => Task.FromResult(SHA256.HashData(Encoding.ASCII.GetBytes($"other {epoch}"))));
        await Assert.ThrowsAsync<MemoryException>(() => stranger.OpenAsync(owner, Cancel));
    }

    [Fact]
    public async Task Every_flipped_byte_is_noticed()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        await Store().AddAsync(owner, Note("x"), Cancel);
        byte[] file = await File.ReadAllBytesAsync(FilePath, Cancel);
        for (int i = 0; i < file.Length; i++)
        {
            byte[] changed = [.. file];
            changed[i] ^= 0x40;
            await File.WriteAllBytesAsync(FilePath, changed, Cancel);
            await Assert.ThrowsAsync<MemoryException>(() => Store().OpenAsync(owner, Cancel));
        }

        await File.WriteAllBytesAsync(FilePath, file.AsMemory(0, file.Length - 1), Cancel);
        await Assert.ThrowsAsync<MemoryException>(() => Store().OpenAsync(owner, Cancel));
    }

    [Fact]
    public async Task Rotation_seals_under_the_next_key_and_the_old_key_no_longer_opens()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        await Store().AddAsync(owner, Note("x"), Cancel);
        Assert.Equal(1U, await Store().RotateAsync(owner, Cancel));
        Assert.Single((await Store().OpenAsync(owner, Cancel)).Entries);
        byte[] file = await File.ReadAllBytesAsync(FilePath, Cancel);
        Assert.Throws<MemoryException>(() => SealedMemory.Open(file, Key(0)));
        Assert.Equal("x", SealedMemory.Open(file, Key(1)).Entries[0].Text);
    }

    [Fact]
    public void Nobody_but_the_owner_changes_a_mind()
    {
        WorkerMemory memory = WorkerMemory.Empty(Ed25519.PublicKey(_seed));
        MemoryEntry note = Note("be kind");
        Assert.Throws<ArgumentException>(() => memory.With(note with { OwnerSignature = null }));
        Assert.Throws<ArgumentException>(() => memory.With(note with { Text = "be cruel" }));
        Assert.Throws<ArgumentException>(() => memory.With(note with { Kind = MemoryKind.Knowledge }));
        Assert.Throws<ArgumentException>(() => memory.With(note with { At = Noon.AddSeconds(1) }));
        WorkerMemory foreign = WorkerMemory.Empty(Ed25519.PublicKey(RandomNumberGenerator.GetBytes(32)));
        Assert.Throws<ArgumentException>(() => foreign.With(note));
    }

    [Fact]
    public async Task Another_owner_key_does_not_open_it()
    {
        await Store().AddAsync(Ed25519.PublicKey(_seed), Note("x"), Cancel);
        byte[] other = Ed25519.PublicKey(RandomNumberGenerator.GetBytes(32));
        await Assert.ThrowsAsync<MemoryException>(() => Store().OpenAsync(other, Cancel));
    }

    [Fact]
    public async Task A_disk_that_takes_no_more_is_a_storage_error_and_keeps_the_old_memory()
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        await Store().AddAsync(owner, Note("x"), Cancel);
        Directory.CreateDirectory($"{FilePath}.{Environment.ProcessId}.next");
        await Assert.ThrowsAsync<MemoryException>(() => Store().AddAsync(owner, Note("y"), Cancel));
        Assert.Single((await Store().OpenAsync(owner, Cancel)).Entries);
    }

    [Fact]
    public void A_full_memory_forgets_its_oldest_decision_first()
    {
        MemoryEntry decision = new(MemoryKind.Decision, Noon, "old") { Proposal = Proposal };
        IEnumerable<MemoryEntry> decisions = Enumerable.Range(1, WorkerMemory.MaximumEntries - 1).Select(i => decision with { Proposal = $"{i:x64}" });
        var memory = new WorkerMemory(Ed25519.PublicKey(_seed), 5, [Note("kept"), .. decisions]);
        WorkerMemory next = memory.With(decision with { Text = "new" });
        Assert.Equal(WorkerMemory.MaximumEntries, next.Entries.Count);
        Assert.Equal("kept", next.Entries[0].Text);
        Assert.Equal($"{2:x64}", next.Entries[1].Proposal);
        Assert.Equal("new", next.Entries[^1].Text);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string FilePath => Path.Combine(_folder, "memory.sealed");

    private MemoryStore Store()
    {
        var store = new MemoryStore(FilePath, (epoch, _) => Task.FromResult(Key(epoch)));
        if (!store.Exists)
            File.WriteAllBytes(FilePath, SealedMemory.Seal(WorkerMemory.Empty(Ed25519.PublicKey(_seed)), Key(0), 0));
        return store;
    }

    private static byte[] Key(uint epoch) => SHA256.HashData(Encoding.ASCII.GetBytes($"test app {epoch}"));

    private MemoryEntry Note(string text)
    {
        byte[] owner = Ed25519.PublicKey(_seed);
        byte[] signed = WorkerMemory.SignedBytes(owner, MemoryKind.Preference, Noon, text);
        return new MemoryEntry(MemoryKind.Preference, Noon, text) { OwnerSignature = Ed25519.Sign(_seed, signed) };
    }
}

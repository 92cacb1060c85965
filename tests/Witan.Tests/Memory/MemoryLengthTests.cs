using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;
using Witan.Tests.Coordinator;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Witan.Worker.Models;
using Xunit;

namespace Witan.Tests.Memory;

/// <summary>What the lengths of a worker's files say to whoever holds its disk: how often it took part, and nothing of how.</summary>
public sealed class MemoryLengthTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-length-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_memory_is_as_long_whatever_was_voted_and_for_whatever_reasons()
    {
        string title = new('\u0001', 200);
        string[] reasons = ["", "- red line: amount is 90000. too dear", new('x', 999), new('x', 20_000), new('\u0001', 20_000), new('語', 1000)];
        var lengths = new HashSet<long>();
        foreach (int option in new[] { 0, 1, 2 })
        {
            foreach (string reason in reasons)
            {
                string path = Path.Combine(_folder, $"{option}-{reason.Length}-{lengths.Count}");
                var mind = new WorkerMind(new MemoryStore(path, (_, _) => Task.FromResult(new byte[32])), Ed25519.PublicKey(new byte[32]), TimeProvider.System);
                await mind.StartAsync(Cancel);
                ProposalBody body = TestProposals.Body(title) with { Options = ["Yes", new string('\u0001', 80), "Abstain"] };
                await mind.RememberAsync(new Digest(new byte[32]), body, new Opinion(option, reason), Cancel);
                lengths.Add(new FileInfo(path).Length);
                File.Delete(path);
            }
        }

        Assert.Single(lengths);
    }

    [Fact]
    public void A_file_from_before_there_was_padding_still_opens()
    {
        string json = $$"""
            {"schema":"witan.memory/1","owner":"{{Convert.ToBase64String(new byte[32])}}","sequence":7,"entries":[{"kind":"Decision","at":"2026-11-24T12:00:00+00:00","text":"t: voted Approve. ","proposal":"{{new string('a', 64)}}"}]}
            """;
        byte[] plain = Encoding.UTF8.GetBytes(json), tag = new byte[16], cipher = new byte[plain.Length], nonce = new byte[12];
        byte[] header = [.. "WITANMEM"u8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        using var gcm = new AesGcm(new byte[32], 16);
        gcm.Encrypt(nonce, plain, cipher, tag, header);
        Assert.Equal("t: voted Approve. ", Assert.Single(SealedMemory.Open([.. header, .. nonce, .. cipher, .. tag], new byte[32]).Entries).Text);
    }

    [Fact]
    public void Reasons_of_a_model_that_answered_and_of_one_that_refused_have_one_size()
    {
        var call = new ModelEvidence(RandomNumberGenerator.GetBytes(40_000), RandomNumberGenerator.GetBytes(150_000), null, null, "not asked");
        Assert.Equal(
            SealedReasons.ToBytes(new Opinion(2, "The model refused.")).Length,
            SealedReasons.ToBytes(new Opinion(0, new string('x', 5_000)) { Evidence = [call, call, call] }).Length);
    }
}

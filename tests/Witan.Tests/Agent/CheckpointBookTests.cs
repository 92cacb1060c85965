using System.Security.Cryptography;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Agent;

/// <summary>What an agent shows of what it saw.</summary>
public sealed class CheckpointBookTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-checkpoints-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_one_noted_last_is_shown_last_also_after_a_restart()
    {
        var book = new CheckpointBook(_folder);
        Checkpoint[] first = [.. Enumerable.Range(0, 5).Select(_ => At(new Digest(RandomNumberGenerator.GetBytes(32)), 1))];
        foreach (Checkpoint checkpoint in first)
            book.Note(checkpoint);
        Checkpoint grown = At(first[1].Proposal, 2);
        book.Note(grown);
        book.Note(At(first[1].Proposal, 1));
        Checkpoint[] expected = [first[0], first[2], first[3], first[4], grown];
        Assert.Equal(expected.Select(one => (one.Proposal, one.Size)), book.Page().Checkpoints.Select(one => (one.Proposal, one.Size)));
        Assert.Equal(expected.Select(one => (one.Proposal, one.Size)), new CheckpointBook(_folder).Page().Checkpoints.Select(one => (one.Proposal, one.Size)));
    }

    private static Checkpoint At(Digest proposal, long size) => new(proposal, size, new Digest(SHA256.HashData(proposal.Bytes)), new byte[Ed25519.SignatureSize]);
}

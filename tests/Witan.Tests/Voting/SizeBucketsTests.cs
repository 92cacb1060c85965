using System.Text.Json;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>What goes over the wire has few sizes, and a ballot's size says nothing of the vote.</summary>
public sealed class SizeBucketsTests
{
    [Theory]
    [InlineData(0, 4096)]
    [InlineData(4096, 4096)]
    [InlineData(4097, 8192)]
    [InlineData(70_000, 131_072)]
    public void Lengths_go_up_to_the_next_bucket(int length, int bucket)
    {
        byte[] padded = SizeBuckets.Pad(new byte[length]);
        Assert.Equal(bucket, padded.Length);
        Assert.True(padded.AsSpan(length).IndexOfAnyExcept((byte)' ') < 0);
    }

    [Fact]
    public void Ballots_for_every_option_have_one_size_and_read_back()
    {
        var council = new Council(3);
        council.OpenVoting();
        var sizes = new HashSet<(int Bare, int Padded)>();
        for (int choice = 0; choice < 3; choice++)
        {
            Ballot ballot = council.Ballot(choice, choice);
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot), padded = SizeBuckets.Pad(json);
            sizes.Add((json.Length, padded.Length));
            Assert.True(StrictJson.TryRead(padded, WireJson.Default.Ballot, out Ballot? read, out string? problem), problem);
            Assert.Equal(ballot.Hash(), read.Hash());
        }

        Assert.Single(sizes);
    }
}

using System.Text.Json;

namespace Witan.Voting.Wire;

/// <summary>
/// A ballot on its way to the coordinator. Its bytes have one of a few sizes that depend on the number of options alone, so
/// that an observer who sees only lengths learns nothing.
/// </summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="Ballot">The ballot.</param>
/// <param name="Padding">Any number of blanks; ignored.</param>
public sealed record CastRequest(Digest Proposal, Ballot Ballot, string Padding)
{
    private static readonly int[] Buckets = [4096, 8192, 16384, 32768];

    /// <summary>The JSON bytes, filled up to the next of 4, 8, 16 and 32 KiB.</summary>
    public static byte[] ToPaddedBytes(Digest proposal, Ballot ballot)
    {
        var bare = new CastRequest(proposal, ballot, "");
        int length = JsonSerializer.SerializeToUtf8Bytes(bare, WireJson.Default.CastRequest).Length;
        int bucket = Array.Find(Buckets, size => size >= length);
        return JsonSerializer.SerializeToUtf8Bytes(bare with { Padding = new string(' ', bucket - length) }, WireJson.Default.CastRequest);
    }
}

/// <summary>The answer to a cast: a receipt or a refusal, and how far the record has come.</summary>
/// <param name="Receipt">Where the ballot stands; null where it was refused.</param>
/// <param name="Refusal">Why it was refused; null where it was taken.</param>
/// <param name="Message">One sentence for people; empty where it was taken.</param>
/// <param name="Checkpoint">To be kept by the worker.</param>
public sealed record CastAnswer(Receipt? Receipt, SignedRefusal? Refusal, string Message, Checkpoint Checkpoint);

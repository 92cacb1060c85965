namespace Witan.Voting;

/// <summary>
/// What agents send and get comes in few sizes, so that an observer of encrypted traffic learns little from lengths: JSON is
/// followed by spaces up to the next bucket. Buckets start at 4 KiB and double.
/// </summary>
public static class SizeBuckets
{
    /// <summary>The smallest bucket, in bytes. Every ballot with up to five options fits in two of them.</summary>
    public const int Smallest = 4096;

    /// <summary>The bucket that so many bytes go into.</summary>
    public static int Of(int length)
    {
        int bucket = Smallest;
        while (bucket < length)
            bucket = checked(bucket * 2);
        return bucket;
    }

    /// <summary>JSON with spaces behind it up to its bucket. White space after a value changes nothing of it.</summary>
    public static byte[] Pad(ReadOnlySpan<byte> json)
    {
        byte[] padded = new byte[Of(json.Length)];
        json.CopyTo(padded);
        padded.AsSpan(json.Length).Fill((byte)' ');
        return padded;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace Witan.Dstack.RaTls;

/// <summary>The compressed form of the event log in older certificates: the letters <c>ELGZv1</c>, then gzip.</summary>
internal static class CompressedEventLog
{
    /// <summary>Largest log after decompression, in bytes.</summary>
    public const int MaximumSize = 16 << 10;

    private static ReadOnlySpan<byte> Mark => "ELGZv1"u8;

    public static byte[] Compress(ReadOnlySpan<byte> json)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(json.Length, MaximumSize, nameof(json));
        using var stream = new MemoryStream();
        stream.Write(Mark);
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(json);
        return stream.ToArray();
    }

    /// <summary>The JSON text; as it stands where it is not compressed. False where it does not decompress, or to more than the bound.</summary>
    public static bool TryExpand(ReadOnlyMemory<byte> content, [NotNullWhen(true)] out byte[]? json)
    {
        if (!content.Span.StartsWith(Mark))
        {
            json = content.ToArray();
            return true;
        }

        json = null;
        byte[] buffer = new byte[MaximumSize + 1];
        try
        {
            using var gzip = new GZipStream(new MemoryStream(content[Mark.Length..].ToArray()), CompressionMode.Decompress);
            int length = gzip.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaximumSize)
                return false;
            json = buffer[..length];
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}

using System.Buffers;

namespace Witan.Dstack.ComposeCheck;

/// <summary>A container image reference, taken apart: <c>registry/repository:tag@sha256:digest</c>.</summary>
internal sealed record ImageReference(string Repository, string? Tag, string? Digest)
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Digest of the right form: it alone says which bytes run.</summary>
    public bool IsPinned => Digest is not null && Digest.StartsWith("sha256:", StringComparison.Ordinal)
        && Digest.Length == 71 && Digest.AsSpan(7).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>The digest is all zeros: a shipped file in which nobody has written one yet.</summary>
    public bool IsPlaceholder => IsPinned && Digest.AsSpan(7).IndexOfAnyExcept('0') < 0;

    /// <summary>Last part of the repository, for example <c>witan-worker</c>.</summary>
    public string Name => Repository[(Repository.LastIndexOf('/') + 1)..];

    /// <summary>A reference to an image of another architecture than amd64, by its repository or tag.</summary>
    public bool IsForeign => Words($"{Repository}/{Tag}").Any(word => word is
        "arm64" or "arm64v8" or "arm32v5" or "arm32v6" or "arm32v7" or "armhf" or "armv7" or "aarch64" or "riscv64" or "s390x" or "ppc64le");

    /// <summary>Takes a reference apart. A variable in it stays in it as text.</summary>
    public static ImageReference Parse(string text)
    {
        string rest = text;
        string? digest = null, tag = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
            (rest, digest) = (rest[..at], rest[(at + 1)..]);
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/') && !rest[colon..].Contains('}', StringComparison.Ordinal))
            (rest, tag) = (rest[..colon], rest[(colon + 1)..]);
        return new ImageReference(rest, tag, digest);
    }

    /// <summary>The words of a name: what stands between <c>- _ . / :</c>.</summary>
    public static IEnumerable<string> Words(string text) =>
        text.ToLowerInvariant().Split(['-', '_', '.', '/', ':'], StringSplitOptions.RemoveEmptyEntries);
}

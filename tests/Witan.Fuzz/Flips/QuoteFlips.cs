using Witan.Attestation;
using Witan.Fuzz.Quotes;

namespace Witan.Fuzz.Flips;

/// <summary>What one-bit flips of one quote came to, by region of the quote.</summary>
/// <param name="Flips">How many were tried.</param>
/// <param name="Accepted">Regions where the flipped quote verified with identical claims, with how often.</param>
/// <param name="Wrong">Flips that verified with other claims, or threw: none may.</param>
public sealed record FlipResult(long Flips, IReadOnlyDictionary<string, long> Accepted, IReadOnlyList<string> Wrong);

/// <summary>Flips bits of a quote and verifies each result in full, with the collateral of its case.</summary>
public static class QuoteFlips
{
    /// <summary>Flips bit (position × 8 + position mod 8 …) of every <paramref name="stride"/>-th bit from <paramref name="start"/>.</summary>
    public static FlipResult Run(byte[] bytes, TrustedCollateral collateral, DateTimeOffset at, int start, int stride)
    {
        if (!Quote.TryParse(bytes, out Quote? quote, out _) || Samples.Claims(QuoteVerifier.Verify(quote, collateral, at)) is not { } original)
            throw new InvalidOperationException("the quote itself does not verify");
        int certification = bytes.AsSpan().IndexOf(quote.CertificationData), end = quote.Bytes.Length;
        var accepted = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var wrong = new List<string>();
        int bits = bytes.Length * 8, count = Math.Max(0, (bits - start + stride - 1) / stride);
        Parallel.For(0, count, i =>
        {
            int bit = start + (i * stride);
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            string? now;
            try
            {
                now = Quote.TryParse(changed, out Quote? flipped, out _) ? Samples.Claims(QuoteVerifier.Verify(flipped, collateral, at)) : null;
            }
#pragma warning disable CA1031 // any exception at all is what is looked for
            catch (Exception e)
#pragma warning restore CA1031
            {
                now = e.GetType().Name;
            }

            if (now is null)
                return;
            lock (wrong)
            {
                if (now != original)
                    wrong.Add($"bit {bit}: {now}");
                else
                    accepted[Region(bytes, quote, certification, end, bit / 8)] = accepted.GetValueOrDefault(Region(bytes, quote, certification, end, bit / 8)) + 1;
            }
        });
        return new FlipResult(count, accepted, wrong);
    }

    private static string Region(byte[] bytes, Quote quote, int certification, int end, int at)
    {
        if (at >= end)
            return "behind the quote";
        if (at >= certification + quote.CertificationData.Length)
            return "slack in the authentication data";
        if (at < certification)
            return $"offset {at}";
        int last = bytes.AsSpan(0, certification + quote.CertificationData.Length).LastIndexOf("-----END CERTIFICATE-----"u8) + 25;
        return at >= last ? "PEM: behind the last certificate"
            : bytes[at] is (byte)'\n' or (byte)'\r' ? "PEM: line breaks"
            : bytes[at] == '=' || (at + 2 < bytes.Length && bytes[at + 1] is (byte)'=' or (byte)'\n') ? "PEM: padding and its unused bits"
            : "PEM: elsewhere";
    }
}

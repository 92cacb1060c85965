using Witan.Attestation;
using Witan.Fuzz.Quotes;

namespace Witan.Fuzz.Flips;

/// <summary>Flips bits of a collateral file and verifies each result in full, and a quote with it.</summary>
public static class CollateralFlips
{
    /// <summary>Every <paramref name="stride"/>-th bit from <paramref name="start"/>.</summary>
    public static FlipResult Run(byte[] file, byte[] quoteBytes, DateTimeOffset at, int start, int stride)
    {
        if (!Quote.TryParse(quoteBytes, out Quote? quote, out _) || Claims(file, quote, at) is not { } original)
            throw new InvalidOperationException("the collateral itself does not verify");
        var accepted = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var wrong = new List<string>();
        int count = Math.Max(0, ((file.Length * 8) - start + stride - 1) / stride);
        Parallel.For(0, count, i =>
        {
            int bit = start + (i * stride);
            byte[] changed = [.. file];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            string? now;
            try
            {
                now = Claims(changed, quote, at);
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
                    accepted[Region(file, bit / 8)] = accepted.GetValueOrDefault(Region(file, bit / 8)) + 1;
            }
        });
        return new FlipResult(count, accepted, wrong);
    }

    private static string? Claims(byte[] file, Quote quote, DateTimeOffset at)
    {
        if (!Collateral.TryParse(file, out Collateral? collateral, out _) || CollateralVerifier.Verify(collateral, TrustRoot.Intel, at).Trusted is not { } trusted)
            return null;
        return Samples.Claims(QuoteVerifier.Verify(quote, trusted, at)) is { } claims
            ? $"{claims} {trusted.PckCrl.Count} {trusted.RootCrl.Count} {trusted.EarliestExpiry:u} {trusted.EvaluationDataNumber}"
            : null;
    }

    // The member whose value it stands in, and what kind of letter it is.
    private static string Region(byte[] file, int at)
    {
        string text = System.Text.Encoding.Latin1.GetString(file);
        string[] members = ["pck_crl_issuer_chain", "root_ca_crl", "pck_crl\"", "tcb_info_issuer_chain", "tcb_info\"", "tcb_info_signature", "qe_identity_issuer_chain", "qe_identity\"", "qe_identity_signature", "pck_certificate_chain"];
        string member = members.Select(name => (Name: name.TrimEnd('"'), At: text.IndexOf('"' + name, StringComparison.Ordinal))).Where(item => item.At >= 0 && item.At < at).OrderByDescending(item => item.At).Select(item => item.Name).FirstOrDefault() ?? "the file's start";
        char letter = text[at];
        string kind = char.IsWhiteSpace(letter) ? "white space" : letter == '\\' || (at > 0 && text[at - 1] == '\\') ? "escapes of line breaks" : char.IsAsciiHexDigit(letter) || char.IsAsciiLetter(letter) ? "letters and digits" : "signs";
        return $"collateral: {member}, {kind}";
    }
}

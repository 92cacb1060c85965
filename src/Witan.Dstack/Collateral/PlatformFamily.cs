using System.Diagnostics.CodeAnalysis;
using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>What collateral is fetched for: it is the same for every machine of one family.</summary>
/// <param name="Tee">SGX and TDX have TCB infos and quoting enclaves of their own.</param>
/// <param name="Fmspc">Family, model, stepping, platform, custom SKU: 12 hexadecimal digits, upper case.</param>
/// <param name="Ca">The authority in the issuer name of the PCK certificate.</param>
public sealed record PlatformFamily(TeeType Tee, string Fmspc, PckCa Ca)
{
    /// <summary>Family, model, stepping, platform, custom SKU: 12 hexadecimal digits, upper case.</summary>
    public string Fmspc { get; } = Fmspc is { Length: 12 } && Fmspc.All(char.IsAsciiHexDigit)
        ? Fmspc.ToUpperInvariant()
        : throw new ArgumentException($"\"{Fmspc}\" is no FMSPC: 12 hexadecimal digits", nameof(Fmspc));

    /// <summary>For example <c>tdx-platform-00806F050000</c>.</summary>
    public override string ToString() => $"{(Tee == TeeType.Tdx ? "tdx" : "sgx")}-{(Ca == PckCa.Platform ? "platform" : "processor")}-{Fmspc}";

    /// <summary>
    /// Reads the family from the PCK certificate that a quote carries (certification data of type 5). Nothing is verified: a lie
    /// fetches collateral that the quote then fails with.
    /// </summary>
    public static bool TryOf(Quote quote, [NotNullWhen(true)] out PlatformFamily? family, [NotNullWhen(false)] out Finding? refusal)
    {
        family = null;
        if (quote.CertificationType != 5)
        {
            refusal = Refuse($"the quote carries certification data of type {quote.CertificationType}, which holds no PCK certificate", "Name the family: --fmspc, --ca, --tee.");
            return false;
        }

        foreach (byte[] der in PemReader.Certificates(quote.CertificationData) ?? [])
        {
            if (!Certificate.TryParse(der, out Certificate? certificate) || certificate.SubjectName != Names.Pck)
                continue;
            if (!PckExtension.TryParse(certificate.SgxExtension, out PckExtension? extension))
                break;
            // An unknown issuer is an error: a guess would fetch a revocation list that says nothing of this platform.
            PckCa? ca = certificate.IssuerName switch { Names.PlatformCa => PckCa.Platform, Names.ProcessorCa => PckCa.Processor, _ => null };
            if (ca is null)
            {
                refusal = Refuse($"the PCK certificate is issued by {certificate.IssuerName}, which is none of Intel's two authorities", null);
                return false;
            }

            family = new PlatformFamily(quote.Tee, Convert.ToHexString(extension.Fmspc.Span), ca.Value);
            refusal = null;
            return true;
        }

        refusal = Refuse("the quote's certification data has no readable PCK certificate", null);
        return false;
    }

    private static Finding Refuse(string message, string? remedy) => new("PLATFORM_FAMILY_UNKNOWN", FindingSeverity.Undecided, message)
    {
        Subject = "quote",
        Actor = FindingActor.Sender,
        Remedy = remedy ?? "Send the quote as the platform made it.",
    };
}

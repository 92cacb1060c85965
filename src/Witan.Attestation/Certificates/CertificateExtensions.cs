using System.Formats.Asn1;

namespace Witan.Attestation;

/// <summary>One extension of a certificate or revocation list (RFC 5280, 4.2 and 5.2).</summary>
/// <param name="Oid">Its object identifier.</param>
/// <param name="Content">What its octet string holds.</param>
internal readonly record struct CertificateExtension(string Oid, byte[] Content);

/// <summary>Reads the list of extensions, the same way wherever one stands.</summary>
internal static class CertificateExtensions
{
    private const int Maximum = 32;

    /// <summary>The extensions in their order.</summary>
    /// <param name="extensions">The sequence of extensions; read to its end.</param>
    /// <param name="understood">
    /// Identifiers that the caller acts on. A critical extension that is not among them makes the whole unusable (RFC 5280, 4.2 and 5.2): it may
    /// take back what the rest seems to say.
    /// </param>
    /// <exception cref="FormatException">One stands there twice, there are more than 32, or a critical one is not understood.</exception>
    /// <exception cref="AsnContentException">It is not DER.</exception>
    public static List<CertificateExtension> Read(AsnReader extensions, params ReadOnlySpan<string> understood)
    {
        var read = new List<CertificateExtension>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (extensions.HasData)
        {
            AsnReader extension = extensions.ReadSequence();
            string oid = extension.ReadObjectIdentifier();
            if (!seen.Add(oid))
                throw new FormatException($"the extension {oid} stands there twice");
            if (seen.Count > Maximum)
                throw new FormatException($"there are more than {Maximum} extensions");
            if (extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean() && !understood.Contains(oid))
                throw new FormatException($"the extension {oid} is critical and unknown");
            read.Add(new CertificateExtension(oid, extension.ReadOctetString()));
            extension.ThrowIfNotEmpty();
        }

        return read;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>A certificate revocation list as Intel issues them. Its number is always 1 and says nothing; compare <see cref="ThisUpdate"/>.</summary>
public sealed class RevocationList
{
    /// <summary>Largest list that is read, in bytes.</summary>
    public const int MaximumSize = 4 << 20;

    private readonly HashSet<string> _serials = new(StringComparer.Ordinal);

    private RevocationList()
    {
    }

    /// <summary>Common name of the issuer.</summary>
    public string IssuerName { get; private set; } = "";

    /// <summary>When it was issued.</summary>
    public DateTimeOffset ThisUpdate { get; private set; }

    /// <summary>Until when it is valid, inclusive.</summary>
    public DateTimeOffset NextUpdate { get; private set; }

    /// <summary>Whether authority key identifier and CRL number are there.</summary>
    public bool HasRequiredExtensions { get; private set; }

    /// <summary>How many certificates are revoked.</summary>
    public int Count => _serials.Count;

    internal ReadOnlyMemory<byte> Issuer { get; private set; }

    private ReadOnlyMemory<byte> ToBeSigned { get; set; }

    private byte[] Signature { get; set; } = [];

    /// <summary>Parses a list in DER; false where it is not strict DER of the expected kind.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out RevocationList? list)
    {
        list = null;
        if (der.Length > MaximumSize)
            return false;
        try
        {
            var parsed = new RevocationList();
            parsed.Read(der);
            list = parsed;
            return true;
        }
        catch (Exception e) when (e is AsnContentException or FormatException or OverflowException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Whether a certificate of this list's issuer is revoked. Ask only for certificates of that issuer.</summary>
    public bool Lists(Certificate certificate) => _serials.Contains(certificate.Serial);

    internal bool IsSignedBy(EcdsaP256Key key) => key.Verify(ToBeSigned.Span, Signature);

    private void Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ToBeSigned = list.PeekEncodedValue();
        AsnReader body = list.ReadSequence();
        DerSignature.ReadAlgorithm(list);
        Signature = DerSignature.Read(list);
        list.ThrowIfNotEmpty();

        if (body.ReadInteger() != 1)
            throw new FormatException("not version 2");
        DerSignature.ReadAlgorithm(body);
        Issuer = body.PeekEncodedValue();
        IssuerName = DerSignature.CommonName(body.ReadSequence());
        ThisUpdate = DerSignature.ReadTime(body);
        NextUpdate = DerSignature.ReadTime(body);
        if (body.HasData && body.PeekTag() == Asn1Tag.Sequence)
            ReadRevoked(body.ReadSequence());
        AsnReader wrapper = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        ReadExtensions(wrapper.ReadSequence());
        wrapper.ThrowIfNotEmpty();
        body.ThrowIfNotEmpty();
    }

    private void ReadRevoked(AsnReader revoked)
    {
        while (revoked.HasData)
        {
            if (_serials.Count == 100_000)
                throw new FormatException("more than 100000 entries");
            AsnReader entry = revoked.ReadSequence();
            _serials.Add(DerSignature.Unsigned(entry.ReadIntegerBytes().Span));
            DerSignature.ReadTime(entry);
        }
    }

    private void ReadExtensions(AsnReader extensions)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (extensions.HasData)
        {
            if (!seen.Add(extensions.ReadSequence().ReadObjectIdentifier()) || seen.Count > 32)
                throw new FormatException("an extension stands there twice");
        }

        HasRequiredExtensions = seen.Contains("2.5.29.35") && seen.Contains("2.5.29.20");
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Numerics;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>One entry of a revocation list.</summary>
/// <param name="Serial">Serial number, as <see cref="Certificate.Serial"/>.</param>
/// <param name="RevokedAt">When it was listed. It says nothing about when the key was lost: what is listed is revoked, whatever the date.</param>
public sealed record RevokedCertificate(string Serial, DateTimeOffset RevokedAt);

/// <summary>A certificate revocation list as Intel issues them. Its number is always 1 and says nothing; compare <see cref="ThisUpdate"/>.</summary>
public sealed class RevocationList
{
    /// <summary>Largest list that is read, in bytes.</summary>
    public const int MaximumSize = 4 << 20;

    private const int MaximumEntries = 100_000;
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);
    private readonly Dictionary<string, RevokedCertificate> _revoked = new(StringComparer.Ordinal);

    private RevocationList()
    {
    }

    /// <summary>Common name of the issuer.</summary>
    public string IssuerName { get; private set; } = "";

    /// <summary>When it was issued.</summary>
    public DateTimeOffset ThisUpdate { get; private set; }

    /// <summary>Until when it is valid, inclusive.</summary>
    public DateTimeOffset NextUpdate { get; private set; }

    /// <summary>The CRL number; null where the extension is missing.</summary>
    public BigInteger? Number { get; private set; }

    /// <summary>Identifier of the issuer's key; empty where it is missing.</summary>
    public ReadOnlyMemory<byte> AuthorityKeyIdentifier { get; private set; }

    /// <summary>Whether authority key identifier and CRL number are there.</summary>
    public bool HasRequiredExtensions { get; private set; }

    /// <summary>How many certificates are revoked.</summary>
    public int Count => _revoked.Count;

    /// <summary>What is revoked, in no order.</summary>
    public IReadOnlyCollection<RevokedCertificate> Revoked => _revoked.Values;

    internal ReadOnlyMemory<byte> Issuer { get; private set; }

    private ReadOnlyMemory<byte> ToBeSigned { get; set; }

    private byte[] Signature { get; set; } = [];

    /// <summary>Parses a list in DER; false where it is not strict DER of the expected kind.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out RevocationList? list) =>
        (list = Parse(der, out _)) is not null;

    /// <summary>Parses a list in DER; on null the reason is what is wrong.</summary>
    internal static RevocationList? Parse(ReadOnlyMemory<byte> der, out string? reason)
    {
        reason = der.Length > MaximumSize ? $"it has {der.Length} bytes; at most {MaximumSize} are read" : null;
        if (reason is not null)
            return null;
        try
        {
            var parsed = new RevocationList();
            parsed.Read(der);
            return parsed;
        }
        catch (Exception e) when (e is AsnContentException or FormatException or OverflowException or ArgumentException)
        {
            reason = DerFault.Reason(e);
            return null;
        }
    }

    /// <summary>Whether a certificate of this list's issuer is revoked. Ask only for certificates of that issuer.</summary>
    public bool Lists(Certificate certificate) => _revoked.ContainsKey(certificate.Serial);

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
            throw new FormatException("it is not of version 2");
        DerSignature.ReadAlgorithm(body);
        Issuer = body.PeekEncodedValue();
        IssuerName = DerSignature.CommonName(body.ReadSequence());
        ThisUpdate = DerSignature.ReadTime(body);
        NextUpdate = DerSignature.ReadTime(body);
        if (body.HasData && body.PeekTag() == Asn1Tag.Sequence)
            ReadRevoked(body.ReadSequence());
        if (body.HasData)
        {
            AsnReader wrapper = body.ReadSequence(Extensions);
            ReadExtensions(wrapper.ReadSequence());
            wrapper.ThrowIfNotEmpty();
        }

        body.ThrowIfNotEmpty();
    }

    private void ReadRevoked(AsnReader revoked)
    {
        while (revoked.HasData)
        {
            if (_revoked.Count == MaximumEntries)
                throw new FormatException($"it has more than {MaximumEntries} entries");
            AsnReader entry = revoked.ReadSequence();
            string serial = DerSignature.Unsigned(entry.ReadIntegerBytes().Span);
            _revoked[serial] = new RevokedCertificate(serial, DerSignature.ReadTime(entry));
        }
    }

    private void ReadExtensions(AsnReader extensions)
    {
        // None is understood where critical: a delta list or one of another scope says so in a critical extension.
        List<CertificateExtension> read = CertificateExtensions.Read(extensions);
        foreach ((string oid, byte[] content) in read)
        {
            if (oid == "2.5.29.20")
                Number = KeyIdentifiers.ReadNumber(content);
            else if (oid == "2.5.29.35")
                AuthorityKeyIdentifier = KeyIdentifiers.ReadAuthority(content);
        }

        HasRequiredExtensions = read.Exists(extension => extension.Oid == "2.5.29.35") && read.Exists(extension => extension.Oid == "2.5.29.20");
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>
/// An X.509 certificate as Intel issues them: EC P-256, ECDSA with SHA-256, strict DER. Parsed once; checks of names,
/// signatures, dates and purpose belong to the verifiers.
/// </summary>
public sealed class Certificate
{
    private const string BasicConstraints = "2.5.29.19", KeyUsage = "2.5.29.15";

    private static readonly string[] RequiredExtensions = ["2.5.29.35", "2.5.29.31", "2.5.29.14", KeyUsage, BasicConstraints];

    private byte[]? _authority, _subjectKey, _distribution;

    private Certificate(byte[] der) => Der = der;

    /// <summary>The certificate's bytes.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>SHA-256 of the DER: the only thing that identifies a certificate. Issuer and serial number do not.</summary>
    public string Fingerprint => field ??= Convert.ToHexStringLower(SHA256.HashData(Der.Span));

    /// <summary>Common name of the subject.</summary>
    public string SubjectName { get; private set; } = "";

    /// <summary>Common name of the issuer.</summary>
    public string IssuerName { get; private set; } = "";

    /// <summary>Serial number, unsigned big-endian without leading zeros, in hexadecimal digits.</summary>
    public string Serial { get; private set; } = "";

    /// <summary>First moment of validity, inclusive.</summary>
    public DateTimeOffset NotBefore { get; private set; }

    /// <summary>Last moment of validity, inclusive.</summary>
    public DateTimeOffset NotAfter { get; private set; }

    /// <summary>The subject's key, x ‖ y.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; private set; }

    /// <summary>Whether basic constraints say that it is a CA.</summary>
    public bool IsCa { get; private set; }

    /// <summary>Path length of basic constraints; null where there is none.</summary>
    public int? PathLength { get; private set; }

    /// <summary>Whether the key may sign certificates.</summary>
    public bool CanSignCertificates { get; private set; }

    /// <summary>Whether the key may sign data.</summary>
    public bool CanSignData { get; private set; }

    /// <summary>Identifier of the issuer's key; empty where it is missing.</summary>
    public ReadOnlyMemory<byte> AuthorityKeyIdentifier => KeyIdentifiers.ReadAuthority(_authority);

    /// <summary>Identifier of the subject's key; empty where it is missing.</summary>
    public ReadOnlyMemory<byte> SubjectKeyIdentifier => KeyIdentifiers.ReadSubject(_subjectKey);

    /// <summary>Where the issuer's revocation list is to be had; empty where it is not said.</summary>
    public IReadOnlyList<string> CrlDistributionPoints => KeyIdentifiers.ReadDistributionPoints(_distribution);

    /// <summary>Content of the SGX extension (1.2.840.113741.1.13.1); empty where there is none.</summary>
    public ReadOnlyMemory<byte> SgxExtension { get; private set; }

    /// <summary>Whether the five extensions that Intel requires are there.</summary>
    public bool HasRequiredExtensions { get; private set; }

    internal ReadOnlyMemory<byte> Subject { get; private set; }

    internal ReadOnlyMemory<byte> Issuer { get; private set; }

    private ReadOnlyMemory<byte> ToBeSigned { get; set; }

    private byte[] Signature { get; set; } = [];

    /// <summary>Parses one certificate; false where it is not strict DER of the expected kind.</summary>
    public static bool TryParse(ReadOnlySpan<byte> der, [NotNullWhen(true)] out Certificate? certificate) =>
        (certificate = Parse(der.ToArray())) is not null;

    /// <summary>Parses one certificate and keeps the array; null where it is not strict DER of the expected kind.</summary>
    internal static Certificate? Parse(byte[] der) => Parse(der, out _);

    /// <summary>The same; on null the reason is what is wrong.</summary>
    internal static Certificate? Parse(byte[] der, out string? reason)
    {
        reason = null;
        try
        {
            var parsed = new Certificate(der);
            parsed.Read();
            return parsed;
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or FormatException or OverflowException or ArgumentException)
        {
            reason = DerFault.Reason(e);
            return null;
        }
    }

    /// <summary>Whether the name and the key of another certificate issued this one.</summary>
    public bool IsIssuedBy(Certificate issuer, EcdsaP256Key issuerKey) =>
        Issuer.Span.SequenceEqual(issuer.Subject.Span) && issuerKey.Verify(ToBeSigned.Span, Signature);

    /// <summary>Whether a moment lies in the validity, both ends included.</summary>
    public bool IsValidAt(DateTimeOffset at) => at >= NotBefore && at <= NotAfter;

    private void Read()
    {
        var outer = new AsnReader(Der, AsnEncodingRules.DER);
        AsnReader certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ToBeSigned = certificate.PeekEncodedValue();
        AsnReader body = certificate.ReadSequence();
        DerSignature.ReadAlgorithm(certificate);
        Signature = DerSignature.Read(certificate);
        certificate.ThrowIfNotEmpty();

        AsnReader version = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        if (version.ReadInteger() != 2)
            throw new FormatException("it is not of version 3");
        Serial = DerSignature.Unsigned(body.ReadIntegerBytes().Span);
        DerSignature.ReadAlgorithm(body);
        Issuer = body.PeekEncodedValue();
        IssuerName = DerSignature.CommonName(body.ReadSequence());
        AsnReader validity = body.ReadSequence();
        NotBefore = DerSignature.ReadTime(validity);
        NotAfter = DerSignature.ReadTime(validity);
        validity.ThrowIfNotEmpty();
        Subject = body.PeekEncodedValue();
        SubjectName = DerSignature.CommonName(body.ReadSequence());
        PublicKey = DerSignature.ReadPublicKey(body);
        AsnReader wrapper = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
        ReadExtensions(wrapper.ReadSequence());
        wrapper.ThrowIfNotEmpty();
        body.ThrowIfNotEmpty();
    }

    private void ReadExtensions(AsnReader extensions)
    {
        List<CertificateExtension> read = CertificateExtensions.Read(extensions, BasicConstraints, KeyUsage);
        foreach ((string oid, byte[] content) in read)
        {
            switch (oid)
            {
                case BasicConstraints: ReadBasicConstraints(content); break;
                case KeyUsage: ReadKeyUsage(content); break;
                case PckExtension.Oid: SgxExtension = content; break;
                case "2.5.29.35": _authority = content; break;
                case "2.5.29.14": _subjectKey = content; break;
                case "2.5.29.31": _distribution = content; break;
            }
        }

        HasRequiredExtensions = Array.TrueForAll(RequiredExtensions, oid => read.Exists(extension => extension.Oid == oid));
    }

    private void ReadBasicConstraints(byte[] content)
    {
        AsnReader constraints = new AsnReader(content, AsnEncodingRules.DER).ReadSequence();
        if (constraints.HasData && constraints.PeekTag() == Asn1Tag.Boolean)
            IsCa = constraints.ReadBoolean();
        if (constraints.HasData)
            PathLength = constraints.TryReadInt32(out int length) ? length : throw new FormatException("its path length is out of range");
        constraints.ThrowIfNotEmpty();
    }

    private void ReadKeyUsage(byte[] content)
    {
        var reader = new AsnReader(content, AsnEncodingRules.DER);
        byte[] bits = reader.ReadBitString(out _);
        reader.ThrowIfNotEmpty();
        CanSignData = bits.Length > 0 && (bits[0] & 0x80) != 0;
        CanSignCertificates = bits.Length > 0 && (bits[0] & 0x04) != 0;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Witan.Attestation;

/// <summary>
/// An X.509 certificate of Intel's attestation service: RSA of 2048 to 4096 bits with exponent 65537, PKCS #1 v1.5 with SHA-256,
/// strict DER. No extended key usage is asked for: the real signer has none.
/// </summary>
internal sealed class RsaCertificate
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string Sha256WithRsa = "1.2.840.113549.1.1.11";
    private static readonly byte[] Exponent = [1, 0, 1];

    private RsaCertificate(byte[] der) => (Der, Fingerprint) = (der, Convert.ToHexStringLower(SHA256.HashData(der)));

    public ReadOnlyMemory<byte> Der { get; }

    public string Fingerprint { get; }

    public string SubjectName { get; private set; } = "";

    public DateTimeOffset NotBefore { get; private set; }

    public DateTimeOffset NotAfter { get; private set; }

    public bool IsCa { get; private set; }

    public bool CanSignCertificates { get; private set; }

    public bool CanSignData { get; private set; }

    private ReadOnlyMemory<byte> Subject { get; set; }

    private ReadOnlyMemory<byte> Issuer { get; set; }

    private byte[] Modulus { get; set; } = [];

    private RSA? Key { get; set; }

    private ReadOnlyMemory<byte> ToBeSigned { get; set; }

    private byte[] Signature { get; set; } = [];

    public static bool TryParse(ReadOnlySpan<byte> der, [NotNullWhen(true)] out RsaCertificate? certificate)
    {
        certificate = null;
        try
        {
            var parsed = new RsaCertificate(der.ToArray());
            parsed.Read();
            certificate = parsed;
            return true;
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or FormatException or OverflowException or ArgumentException)
        {
            return false;
        }
    }

    public bool IsIssuedBy(RsaCertificate issuer) => Issuer.Span.SequenceEqual(issuer.Subject.Span) && issuer.Verify(ToBeSigned.Span, Signature);

    /// <summary>Whether the subject's key signed the data. Never throws on bad input.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != Modulus.Length)
            return false;
        // Making the key costs more than a verification; a root is asked for every report.
        Key ??= RSA.Create(new RSAParameters { Modulus = Modulus, Exponent = Exponent });
        return Key.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private void Read()
    {
        var outer = new AsnReader(Der, AsnEncodingRules.DER);
        AsnReader certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ToBeSigned = certificate.PeekEncodedValue();
        AsnReader body = certificate.ReadSequence();
        ReadAlgorithm(certificate, Sha256WithRsa);
        Signature = Whole(certificate);
        certificate.ThrowIfNotEmpty();

        if (body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadInteger() != 2)
            throw new FormatException("not version 3");
        body.ReadIntegerBytes();
        ReadAlgorithm(body, Sha256WithRsa);
        Issuer = body.ReadEncodedValue();
        AsnReader validity = body.ReadSequence();
        NotBefore = DerSignature.ReadTime(validity);
        NotAfter = DerSignature.ReadTime(validity);
        validity.ThrowIfNotEmpty();
        Subject = body.PeekEncodedValue();
        SubjectName = DerSignature.CommonName(body.ReadSequence());
        AsnReader info = body.ReadSequence();
        ReadAlgorithm(info, RsaEncryption);
        ReadKey(Whole(info));
        info.ThrowIfNotEmpty();
        AsnReader wrapper = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
        ReadExtensions(wrapper.ReadSequence());
        wrapper.ThrowIfNotEmpty();
        body.ThrowIfNotEmpty();
    }

    private static void ReadAlgorithm(AsnReader reader, string oid)
    {
        AsnReader algorithm = reader.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != oid)
            throw new FormatException("another algorithm");
        algorithm.ReadNull();
        algorithm.ThrowIfNotEmpty();
    }

    private static byte[] Whole(AsnReader reader)
    {
        byte[] bits = reader.ReadBitString(out int unused);
        return unused == 0 ? bits : throw new FormatException("broken bits");
    }

    private void ReadKey(byte[] key)
    {
        var outer = new AsnReader(key, AsnEncodingRules.DER);
        AsnReader pair = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ReadOnlySpan<byte> modulus = pair.ReadIntegerBytes().Span.TrimStart((byte)0);
        Modulus = modulus.Length is >= 256 and <= 512 && (modulus[0] & 0x80) != 0 && (modulus[^1] & 1) != 0 ? modulus.ToArray() : throw new FormatException("modulus");
        if (!pair.ReadIntegerBytes().Span.SequenceEqual(Exponent))
            throw new FormatException("exponent");
        pair.ThrowIfNotEmpty();
    }

    private void ReadExtensions(AsnReader extensions)
    {
        foreach ((string oid, byte[] content) in CertificateExtensions.Read(extensions, "2.5.29.19", "2.5.29.15"))
        {
            if (oid == "2.5.29.19")
                IsCa = new AsnReader(content, AsnEncodingRules.DER).ReadSequence() is { HasData: true } constraints && constraints.PeekTag() == Asn1Tag.Boolean && constraints.ReadBoolean();
            else if (oid == "2.5.29.15")
                ReadKeyUsage(content);
        }
    }

    private void ReadKeyUsage(byte[] content)
    {
        byte[] bits = new AsnReader(content, AsnEncodingRules.DER).ReadBitString(out _);
        CanSignData = bits.Length > 0 && (bits[0] & 0x80) != 0;
        CanSignCertificates = bits.Length > 0 && (bits[0] & 0x04) != 0;
    }
}

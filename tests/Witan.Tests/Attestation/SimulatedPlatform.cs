using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Dstack.Simulator.Pki;
using Xunit;

namespace Witan.Tests.Attestation;

/// <summary>A TDX host under a development root, for what real data cannot show: every member of its collateral can be replaced.</summary>
internal sealed class SimulatedPlatform : IDisposable
{
    public static readonly DateTimeOffset At = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly byte[] _seed;
    private readonly TdQuoteAuthor _author;

    public SimulatedPlatform(string name)
    {
        _seed = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        Pki = new DevelopmentPki(_seed);
        _author = new TdQuoteAuthor(Pki, _seed);
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(Pki.RootPem), true, out TrustRoot? root, out Finding? refusal), refusal?.ToString());
        Root = root;
        Json = JsonNode.Parse(Pki.Collateral(At))!.AsObject();
    }

    public DevelopmentPki Pki { get; }

    public TrustRoot Root { get; }

    /// <summary>The collateral as it is exchanged; change it before trusting it.</summary>
    public JsonObject Json { get; }

    public byte[] QuoteBytes(byte reportData = 1)
    {
        byte[] data = new byte[64];
        data[0] = reportData;
        return _author.Quote(new TdMeasurements(new byte[48], new byte[48], [new byte[48], new byte[48], new byte[48], new byte[48]]), data);
    }

    public CollateralVerification Collateral(DateTimeOffset? at = null)
    {
        Assert.True(Witan.Attestation.Collateral.TryParse(Encoding.UTF8.GetBytes(Json.ToJsonString()), out Witan.Attestation.Collateral? collateral, out Finding? refusal), refusal?.ToString());
        return CollateralVerifier.Verify(collateral, Root, at ?? At);
    }

    public TrustedCollateral Trusted()
    {
        CollateralVerification verification = Collateral();
        Assert.True(verification.Trusted is not null, string.Join("; ", verification.Findings));
        return verification.Trusted;
    }

    /// <summary>Replaces a signed text of the collateral, with a good signature.</summary>
    public void Sign(string member, string text)
    {
        using ECDsa key = SeededKey.Ecdsa(_seed, "tcb-signing");
        Json[member] = text;
        Json[$"{member}_signature"] = Convert.ToHexStringLower(key.SignData(
            Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    /// <summary>Signs any text as the TCB signing certificate does: hexadecimal r ‖ s.</summary>
    public string Signature(string text)
    {
        using ECDsa key = SeededKey.Ecdsa(_seed, "tcb-signing");
        return Convert.ToHexStringLower(key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    /// <summary>Puts the PCK certificate on the PCK CA's list.</summary>
    public void RevokePck()
    {
        using X509Certificate2 leaf = X509Certificate2.CreateFromPem(Pki.PckChainPem);
        using X509Certificate2 issuer = X509Certificate2.CreateFromPem(Json["pck_crl_issuer_chain"]!.GetValue<string>());
        using ECDsa key = SeededKey.Ecdsa(_seed, "pck-ca");
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry(leaf, At.AddDays(-1), X509RevocationReason.KeyCompromise);
        Json["pck_crl"] = Convert.ToHexStringLower(builder.Build(
            issuer.SubjectName,
            X509SignatureGenerator.CreateForECDsa(key),
            7,
            At.AddDays(29),
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false),
            At.AddDays(-1)));
    }

    public void Dispose()
    {
        _author.Dispose();
        Pki.Dispose();
    }

    public static Quote Parse(byte[] bytes)
    {
        Assert.True(Quote.TryParse(bytes, out Quote? quote, out Finding? refusal), refusal?.ToString());
        return quote;
    }

    /// <summary>The same quote with other certification data, which nothing signs.</summary>
    public static byte[] WithCertification(byte[] bytes, int type, byte[] data)
    {
        Quote quote = Parse(bytes);
        byte[] inner = [.. quote.QeReport.Bytes.Span, .. quote.QeReportSignature, .. U16(quote.QeAuthData.Length), .. quote.QeAuthData, .. U16(type), .. U32(data.Length), .. data];
        byte[] auth = [.. quote.Signature, .. quote.AttestationKey, .. U16(6), .. U32(inner.Length), .. inner];
        return [.. quote.SignedBytes.Span, .. U32(auth.Length), .. auth];
    }

    private static byte[] U16(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] U32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Witan.Dstack.Simulator.Pki;

/// <summary>
/// A certification authority of the shape of Intel's, with its own key: root, PCK CA, PCK certificate, TCB signing certificate,
/// revocation lists, TCB info and QE identity. Made from a seed on the machine that uses it; nobody else trusts it. The names
/// that a verifier demands are the same, the organisation says what it is.
/// </summary>
public sealed class DevelopmentPki : IDisposable
{
    /// <summary>The platform family that its PCK certificates name.</summary>
    public const string Fmspc = "d0d0d0d0d0d0";
    private const string Organisation = "O=Witan development root (not Intel), C=XX";
    private static readonly DateTimeOffset From = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);

    private readonly byte[] _seed;
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _pckCa;
    private readonly X509Certificate2 _pck;
    private readonly X509Certificate2 _tcbSigning;

    /// <summary>Makes the authority of a seed of at least 16 bytes.</summary>
    public DevelopmentPki(ReadOnlySpan<byte> seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seed.Length, 16, nameof(seed));
        _seed = seed.ToArray();
        _root = Issue("Intel SGX Root CA", "root", null, ca: true, pathLength: 1);
        _pckCa = Issue("Intel SGX PCK Platform CA", "pck-ca", _root, ca: true, pathLength: 0);
        _tcbSigning = Issue("Intel SGX TCB Signing", "tcb-signing", _root, ca: false, null);
        _pck = Issue("Intel SGX PCK Certificate", "pck", _pckCa, ca: false, null, SgxExtension());
    }

    /// <summary>The root certificate in PEM: what a verifier must be told to trust.</summary>
    public string RootPem => Pem(_root);

    /// <summary>PEM of leaf, intermediate and root: the certification data of a quote.</summary>
    public string PckChainPem => Pem(_pck) + Pem(_pckCa) + Pem(_root);

    internal ECDsa PckKey => _pck.GetECDsaPrivateKey()!;

    /// <summary>Collateral for this authority that is fresh at a moment, in the exchanged shape.</summary>
    public byte[] Collateral(DateTimeOffset at)
    {
        DateTimeOffset issued = new DateTimeOffset(at.UtcDateTime.Date, TimeSpan.Zero).AddDays(-1);
        byte[] tcbInfo = TcbInfo(issued), identity = QeIdentity(issued);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("pck_crl_issuer_chain", Pem(_pckCa) + Pem(_root));
            json.WriteString("root_ca_crl", Convert.ToHexStringLower(Crl(_root, issued)));
            json.WriteString("pck_crl", Convert.ToHexStringLower(Crl(_pckCa, issued)));
            json.WriteString("tcb_info_issuer_chain", Pem(_tcbSigning) + Pem(_root));
            json.WriteString("tcb_info", tcbInfo);
            json.WriteString("tcb_info_signature", Sign(tcbInfo));
            json.WriteString("qe_identity_issuer_chain", Pem(_tcbSigning) + Pem(_root));
            json.WriteString("qe_identity", identity);
            json.WriteString("qe_identity_signature", Sign(identity));
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (X509Certificate2 certificate in new[] { _root, _pckCa, _pck, _tcbSigning })
            certificate.Dispose();
    }

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    private X509Certificate2 Issue(
        string name, string key, X509Certificate2? issuer, bool ca, int? pathLength, X509Extension? extra = null)
    {
        ECDsa own = SeededKey.Ecdsa(_seed, key);
        var request = new CertificateRequest($"CN={name}, {Organisation}", own, HashAlgorithmName.SHA256);
        ECDsa issuerKey = issuer?.GetECDsaPrivateKey() ?? own;
        request.CertificateExtensions.Add(issuer is null
            ? X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(new X509SubjectKeyIdentifierExtension(request.PublicKey, false))
            : X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension(["https://development.invalid/root.der"]));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            ca ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, true));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(ca, pathLength is not null, pathLength ?? 0, true));
        if (extra is not null)
            request.CertificateExtensions.Add(extra);
        byte[] serial = SeededKey.Bytes(_seed, $"serial-{key}", 20);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        X500DistinguishedName issuerName = issuer?.SubjectName ?? request.SubjectName;
        using X509Certificate2 bare = request.Create(issuerName, SeededSignature.Generator(issuerKey), From, To, serial);
        return bare.CopyWithPrivateKey(own);
    }

    private static byte[] Crl(X509Certificate2 issuer, DateTimeOffset issued) => new CertificateRevocationListBuilder().Build(
        issuer.SubjectName,
        SeededSignature.Generator(issuer.GetECDsaPrivateKey()!),
        1,
        issued.AddDays(30),
        HashAlgorithmName.SHA256,
        X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false),
        issued);

    /// <summary>Signs a text as TCB info and QE identity are signed: hexadecimal of r ‖ s by the TCB signing key.</summary>
    public string Sign(byte[] text)
    {
        using ECDsa key = _tcbSigning.GetECDsaPrivateKey()!;
        return Convert.ToHexStringLower(SeededSignature.Sign(key, text));
    }

    private X509Extension SgxExtension()
    {
        const string Oid = "1.2.840.113741.1.13.1";
        var writer = new AsnWriter(AsnEncodingRules.DER);
        byte[] ppid = SeededKey.Bytes(_seed, "ppid", 16);
        using (writer.PushSequence())
        {
            Pair(writer, $"{Oid}.1", () => writer.WriteOctetString(ppid));
            Pair(writer, $"{Oid}.2", () =>
            {
                using (writer.PushSequence())
                {
                    for (int i = 1; i <= 16; i++)
                        Pair(writer, $"{Oid}.2.{i}", () => writer.WriteInteger(i <= 8 ? 5 : 0));
                    Pair(writer, $"{Oid}.2.17", () => writer.WriteInteger(13));
                    Pair(writer, $"{Oid}.2.18", () => writer.WriteOctetString([5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0]));
                }
            });
            Pair(writer, $"{Oid}.3", () => writer.WriteOctetString([0, 0]));
            Pair(writer, $"{Oid}.4", () => writer.WriteOctetString(Convert.FromHexString(Fmspc)));
            Pair(writer, $"{Oid}.5", () => writer.WriteEncodedValue([0x0A, 0x01, 0x01]));
            Pair(writer, $"{Oid}.6", () => writer.WriteOctetString(SeededKey.Bytes(_seed, "platform", 16)));
            Pair(writer, $"{Oid}.7", () =>
            {
                using (writer.PushSequence())
                {
                    Pair(writer, $"{Oid}.7.1", () => writer.WriteBoolean(false));
                    Pair(writer, $"{Oid}.7.2", () => writer.WriteBoolean(false));
                    Pair(writer, $"{Oid}.7.3", () => writer.WriteBoolean(true));
                }
            });
        }

        return new X509Extension(Oid, writer.Encode(), false);
    }

    private static void Pair(AsnWriter writer, string oid, Action value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            value();
        }
    }

    private static byte[] TcbInfo(DateTimeOffset issued)
    {
        string sgx = string.Join(',', Enumerable.Range(0, 16).Select(i => $"{{\"svn\":{(i < 8 ? 5 : 0)}}}"));
        string tdx = string.Join(',', Enumerable.Range(0, 16).Select(i => $"{{\"svn\":{(i == 2 ? 4 : 0)}}}"));
        string zero = new('0', 96);
        return OneLine($$$$"""
            {"id":"TDX","version":3,"issueDate":"{{{{Date(issued)}}}}","nextUpdate":"{{{{Date(issued.AddDays(30))}}}}","fmspc":"{{{{Fmspc}}}}",
            "pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":1,
            "tdxModule":{"mrsigner":"{{{{zero}}}}","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF"},
            "tdxModuleIdentities":[{"id":"TDX_01","mrsigner":"{{{{zero}}}}","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF",
            "tcbLevels":[{"tcb":{"isvsvn":5},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"}]}],
            "tcbLevels":[{"tcb":{"sgxtcbcomponents":[{{{{sgx}}}}],"pcesvn":13,"tdxtcbcomponents":[{{{{tdx}}}}]},
            "tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"}]}
            """);
    }

    private byte[] QeIdentity(DateTimeOffset issued) => OneLine($$$$"""
        {"id":"TD_QE","version":2,"issueDate":"{{{{Date(issued)}}}}","nextUpdate":"{{{{Date(issued.AddDays(30))}}}}","tcbEvaluationDataNumber":1,
        "miscselect":"00000000","miscselectMask":"FFFFFFFF","attributes":"11000000000000000000000000000000",
        "attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","mrsigner":"{{{{Convert.ToHexString(QeSigner)}}}}","isvprodid":2,
        "tcbLevels":[{"tcb":{"isvsvn":4},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"}]}
        """);

    // Compact, as Intel serves it: the signature covers these bytes.
    private static byte[] OneLine(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings(""));

    internal byte[] QeSigner => SeededKey.Bytes(_seed, "qe-signer");

    private static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}

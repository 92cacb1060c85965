using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Fuzz.Pki;

/// <summary>
/// An authority of the shape of Intel's with one platform and one quote, all of it valid and UpToDate until a test changes something.
/// Keys follow from fixed seeds. It makes what real data lacks: revoked, expired, swapped, malformed.
/// </summary>
public sealed class TestAuthority
{
    /// <summary>The moment everything is judged at, unless a test says otherwise.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 6, 15, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, ECDsa> Keys = [];
    private static readonly Lock Gate = new();

    /// <summary>Makes the authority with an SGX quote of version 3, or a TDX quote of version 4.</summary>
    public TestAuthority(bool tdx)
    {
        Root = new TestCertificate { Name = "Intel SGX Root CA", Issuer = "Intel SGX Root CA", Key = Key("root"), Signer = Key("root"), Serial = [0x41, 1], IsCa = true, PathLength = 1, KeyUsage = 0x06 };
        PckCa = new TestCertificate { Name = "Intel SGX PCK Platform CA", Issuer = Root.Name, Key = Key("pck-ca"), Signer = Key("root"), Serial = [0x41, 2], IsCa = true, PathLength = 0, KeyUsage = 0x06 };
        TcbSigning = new TestCertificate { Name = "Intel SGX TCB Signing", Issuer = Root.Name, Key = Key("tcb-signing"), Signer = Key("root"), Serial = [0x41, 3] };
        Pck = new TestCertificate { Name = "Intel SGX PCK Certificate", Issuer = PckCa.Name, Key = Key("pck"), Signer = Key("pck-ca"), Serial = [0x41, 4] };
        RootCrl = new TestCrl { Issuer = Root.Name, Signer = Key("root"), ThisUpdate = Noon.AddDays(-9), NextUpdate = Noon.AddDays(300) };
        PckCrl = new TestCrl { Issuer = PckCa.Name, Signer = Key("pck-ca"), ThisUpdate = Noon.AddDays(-5), NextUpdate = Noon.AddDays(25) };
        TcbInfo = TestDocuments.TcbInfo(tdx, Noon.AddDays(-4), Noon.AddDays(26));
        QeIdentity = TestDocuments.QeIdentity(tdx, Noon.AddDays(-3), Noon.AddDays(27));
        Quote = new TestQuote
        {
            Version = tdx ? 4 : 3,
            Tee = tdx ? 0x81u : 0,
            Body = tdx ? TestDocuments.TdReport(584) : TestDocuments.SgxReport(),
            QeReport = TestDocuments.QeReport(tdx),
            AttestationKey = Key("attestation"),
            PckKey = Key("pck"),
            Certification = [],
        };
        CertificateOrder = () => Pck.Pem() + PckCa.Pem() + Root.Pem();
    }

    /// <summary>The root certificate.</summary>
    public TestCertificate Root { get; }

    /// <summary>The CA of PCK certificates.</summary>
    public TestCertificate PckCa { get; }

    /// <summary>The signer of TCB info and QE identity.</summary>
    public TestCertificate TcbSigning { get; }

    /// <summary>The platform's certificate.</summary>
    public TestCertificate Pck { get; }

    /// <summary>What the platform's certificate says of it.</summary>
    public TestPckExtension Extension { get; } = new();

    /// <summary>The root's revocation list.</summary>
    public TestCrl RootCrl { get; }

    /// <summary>The PCK CA's revocation list.</summary>
    public TestCrl PckCrl { get; }

    /// <summary>TCB info, to be signed.</summary>
    public JsonObject TcbInfo { get; set; }

    /// <summary>QE identity, to be signed.</summary>
    public JsonObject QeIdentity { get; set; }

    /// <summary>Changes the text of TCB info before it is signed.</summary>
    public Func<string, string> ChangeTcbInfo { get; set; } = text => text;

    /// <summary>Changes the text of TCB info after it was signed.</summary>
    public Func<string, string> TamperTcbInfo { get; set; } = text => text;

    /// <summary>Changes the text of QE identity after it was signed.</summary>
    public Func<string, string> TamperQeIdentity { get; set; } = text => text;

    /// <summary>Changes the collateral file.</summary>
    public Action<JsonObject> ChangeCollateral { get; set; } = _ => { };

    /// <summary>The quote.</summary>
    public TestQuote Quote { get; }

    /// <summary>PEM of the chain in the quote.</summary>
    public Func<string> CertificateOrder { get; set; }

    /// <summary>PEM of the TCB signing chain.</summary>
    public Func<string>? SigningChain { get; set; }

    /// <summary>PEM of the anchor; null for the root.</summary>
    public string? Anchor { get; set; }

    /// <summary>The moment to judge at.</summary>
    public DateTimeOffset At { get; set; } = Noon;

    /// <summary>A key of a fixed seed.</summary>
    public static ECDsa Key(string name)
    {
        lock (Gate)
        {
            if (!Keys.TryGetValue(name, out ECDsa? key))
                Keys[name] = key = SeededKey.Ecdsa("witan test authority"u8, name);
            return key;
        }
    }

    /// <summary>A moment as Intel's documents write it.</summary>
    public static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The quote's bytes.</summary>
    public byte[] QuoteBytes()
    {
        Pck.SgxExtension ??= Extension.Der();
        if (Quote.Certification.Length == 0 && Quote.CertificationType == 5)
            Quote.Certification = [.. Encoding.ASCII.GetBytes(CertificateOrder()), 0];
        return Quote.Bytes();
    }

    /// <summary>The collateral file.</summary>
    public byte[] CollateralBytes()
    {
        Pck.SgxExtension ??= Extension.Der();
        string tcbInfo = ChangeTcbInfo(TcbInfo.ToJsonString()), identity = QeIdentity.ToJsonString();
        string signing = SigningChain?.Invoke() ?? TcbSigning.Pem() + Root.Pem();
        var file = new JsonObject
        {
            ["pck_crl_issuer_chain"] = PckCa.Pem() + Root.Pem(),
            ["root_ca_crl"] = Convert.ToHexStringLower(RootCrl.Der()),
            ["pck_crl"] = Convert.ToHexStringLower(PckCrl.Der()),
            ["tcb_info_issuer_chain"] = signing,
            ["tcb_info"] = TamperTcbInfo(tcbInfo),
            ["tcb_info_signature"] = Sign(tcbInfo),
            ["qe_identity_issuer_chain"] = signing,
            ["qe_identity"] = TamperQeIdentity(identity),
            ["qe_identity_signature"] = Sign(identity),
        };
        ChangeCollateral(file);
        return JsonSerializer.SerializeToUtf8Bytes(file);
    }

    private string Sign(string text) =>
        Convert.ToHexStringLower(TcbSigning.Key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
}

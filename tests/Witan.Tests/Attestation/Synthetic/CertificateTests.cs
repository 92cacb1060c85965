using System.Security.Cryptography;
using Witan.Fuzz.Pki;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>Certificates and revocation lists: each revoked, each expired by one second, each malformed.</summary>
public class CertificateTests
{
    private static readonly DateTimeOffset Noon = TestAuthority.Noon;

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["PCK in the PCK CRL"] = new(true, a => a.PckCrl.Revoked.Add(a.Pck.Serial), "PCK_REVOKED"),
        ["PCK in the PCK CRL, with others"] = new(false, a => a.PckCrl.Revoked.AddRange([[1], a.Pck.Serial, [2]]), "PCK_REVOKED"),
        ["PCK serial in the root CRL only"] = new(true, a => a.RootCrl.Revoked.Add(a.Pck.Serial), null),
        ["intermediate serial in the PCK CRL only"] = new(true, a => a.PckCrl.Revoked.Add(a.PckCa.Serial), null),
        ["intermediate in the root CRL"] = new(true, a => a.RootCrl.Revoked.Add(a.PckCa.Serial), "INTERMEDIATE_CA_REVOKED"),
        ["TCB signing certificate in the root CRL"] = new(true, a => a.RootCrl.Revoked.Add(a.TcbSigning.Serial), "TCB_SIGNING_CERT_REVOKED"),
        ["PCK CRL of the Processor CA"] = new(true, a =>
        {
            TestCertificate other = Processor(a);
            a.PckCrl.Issuer = other.Name;
            a.PckCrl.Signer = other.Key;
            a.ChangeCollateral = file => file["pck_crl_issuer_chain"] = other.Pem() + a.Root.Pem();
        }, "CRL_ISSUER_MISMATCH"),
        ["CRL without its number"] = new(true, a => a.PckCrl.Omitted.Add("2.5.29.20"), "CRL_EXTENSION_MISSING"),
        ["CRL without key identifier"] = new(true, a => a.RootCrl.Omitted.Add("2.5.29.35"), "CRL_EXTENSION_MISSING"),
        ["CRL signed by another key"] = new(true, a => a.PckCrl.Signer = TestAuthority.Key("stranger"), "CRL_SIGNATURE_INVALID"),
        ["CRL of another issuer"] = new(true, a => a.RootCrl.Issuer = "Somebody", "CRL_ISSUER_UNKNOWN"),
        ["CRL with bytes behind it"] = new(true, a => a.PckCrl.Finish = der => [.. der, 0], "CRL_FORMAT"),
        ["CRL cut short"] = new(true, a => a.RootCrl.Finish = der => der[..^1], "CRL_FORMAT"),
        ["leaf signed by the wrong CA with the right name"] = new(true, a => a.Pck.Signer = TestAuthority.Key("stranger"), "PCK_ISSUER_INVALID"),
        ["leaf of the right CA with the wrong name"] = new(true, a => a.Pck.Issuer = "Intel SGX PCK Processor CA", "PCK_ISSUER_INVALID"),
        ["intermediate signed by another root"] = new(true, a => WithOwnChain(a, "ca", (ca, _) => ca.Signer = TestAuthority.Key("stranger")), "INTERMEDIATE_CA_ISSUER_INVALID"),
        ["TCB signing certificate signed by another key"] = new(true, a => a.TcbSigning.Signer = TestAuthority.Key("stranger"), "TCB_SIGNING_CERT_ISSUER_INVALID"),
        ["another root of the same name"] = new(true, a =>
        {
            a.Anchor = a.Root.Pem();
            a.Root.Key = a.Root.Signer = TestAuthority.Key("second root");
            a.PckCa.Signer = a.TcbSigning.Signer = a.RootCrl.Signer = a.Root.Key;
        }, "ROOT_CA_UNTRUSTED"),
        ["root issued again with the same key and serial"] = new(true, a =>
        {
            a.Anchor = a.Root.Pem();
            a.Root.NotAfter = a.Root.NotAfter.AddDays(1);
        }, "ROOT_CA_UNTRUSTED"),
        ["root damaged in the quote"] = new(true, a =>
        {
            string good = a.Root.Pem();
            a.CertificateOrder = () => a.Pck.Pem() + a.PckCa.Pem() + PemEncoding.WriteString("CERTIFICATE", Damaged(a.Root.Der())) + "\n";
            a.Anchor = good;
        }, "ROOT_CA_INVALID"),
        ["chain of two"] = new(true, a => a.CertificateOrder = () => a.Pck.Pem() + a.PckCa.Pem(), "PCK_CHAIN_LENGTH"),
        ["chain of four"] = new(true, a => a.CertificateOrder = () => a.Pck.Pem() + a.PckCa.Pem() + a.Root.Pem() + a.Root.Pem(), "PCK_CHAIN_LENGTH"),
        ["chain of nine"] = new(true, a => a.CertificateOrder = () => string.Concat(Enumerable.Repeat(a.Root.Pem(), 9)), "PCK_CHAIN_FORMAT"),
        ["repeated certificate in a chain of three"] = new(true, a => a.CertificateOrder = () => a.Pck.Pem() + a.PckCa.Pem() + a.PckCa.Pem(), "ROOT_CA_MISSING"),
        ["no intermediate in a chain of three"] = new(true, a => a.CertificateOrder = () => a.Pck.Pem() + a.TcbSigning.Pem() + a.Root.Pem(), "INTERMEDIATE_CA_MISSING"),
        ["no leaf in a chain of three"] = new(true, a => a.CertificateOrder = () => a.TcbSigning.Pem() + a.PckCa.Pem() + a.Root.Pem(), "PCK_CERT_MISSING"),
        ["chain in another order"] = new(true, a => a.CertificateOrder = () => a.Root.Pem() + a.Pck.Pem() + "text between\n" + a.PckCa.Pem(), null),
        ["CA flag missing"] = new(true, a => WithOwnChain(a, "ca", (ca, _) => ca.IsCa = false), "INTERMEDIATE_CA_INVALID"),
        ["path length of one"] = new(true, a => WithOwnChain(a, "ca", (ca, _) => ca.PathLength = 1), "INTERMEDIATE_CA_INVALID"),
        ["no path length"] = new(true, a => WithOwnChain(a, "ca", (ca, _) => ca.PathLength = null), "INTERMEDIATE_CA_INVALID"),
        ["CA that may not sign certificates"] = new(true, a => WithOwnChain(a, "ca", (ca, _) => ca.KeyUsage = 0x80), "INTERMEDIATE_CA_INVALID"),
        ["CA of the collateral without its flag"] = new(true, a => a.PckCa.IsCa = false, "INTERMEDIATE_CA_INVALID"),
        ["leaf that is a CA"] = new(true, a => a.Pck.IsCa = true, "PCK_CERT_INVALID"),
        ["leaf that may not sign data"] = new(true, a => a.Pck.KeyUsage = 0x06, "PCK_CERT_INVALID"),
        ["leaf without an authority key identifier"] = new(true, a => a.Pck.Omitted.Add("2.5.29.35"), "PCK_CERT_INVALID"),
        ["leaf without CRL distribution point"] = new(true, a => a.Pck.Omitted.Add("2.5.29.31"), "PCK_CERT_INVALID"),
        ["CA certificate as leaf"] = new(true, a => a.PckCa.Name = "Intel SGX PCK Certificate", "INTERMEDIATE_CA_MISSING"),
        ["leaf as TCB signing certificate"] = new(true, a => a.SigningChain = () => a.Pck.Pem() + a.Root.Pem(), "TCB_SIGNING_CERT_MISSING"),
        ["TCB signing certificate that is a CA"] = new(true, a => a.TcbSigning.IsCa = true, "TCB_SIGNING_CERT_INVALID"),
        ["TCB signing chain of one"] = new(true, a => a.SigningChain = () => a.TcbSigning.Pem(), "TCB_SIGNING_CERT_MISSING"),
        ["TCB signing chain without root"] = new(true, a => a.SigningChain = () => a.TcbSigning.Pem() + a.PckCa.Pem(), "ROOT_CA_MISSING"),
        ["P-384 key"] = new(true, a => a.Pck.PublicKeyInfo = P384(), "PCK_CHAIN_FORMAT"),
        ["RSA key"] = new(true, a => a.Pck.PublicKeyInfo = Rsa(), "PCK_CHAIN_FORMAT"),
        ["SHA-384 signature"] = new(true, a => a.Pck.Algorithm = "1.2.840.10045.4.3.3", "PCK_CHAIN_FORMAT"),
        ["key off the curve"] = new(true, a => a.Pck.PublicKeyInfo = OffCurve(a.Pck.Key), "PCK_CERT_INVALID"),
        ["byte behind a certificate"] = new(true, a => a.Pck.Finish = der => [.. der, 0], "PCK_CHAIN_FORMAT"),
        ["unknown critical extension in the leaf"] = new(true, a => a.Pck.Others.Add(("1.2.3.4", true)), "PCK_CHAIN_FORMAT"),
        ["unknown extension in the leaf that is not critical"] = new(true, a => a.Pck.Others.Add(("1.2.3.4", false)), null),
        ["name constraints in the intermediate"] = new(true, a => WithOwnChain(a, "ca", (ca, _) => ca.Others.Add(("2.5.29.30", true))), "PCK_CHAIN_FORMAT"),
        ["extension twice"] = new(true, a => a.Pck.Others.AddRange([("1.2.3.4", false), ("1.2.3.4", false)]), "PCK_CHAIN_FORMAT"),
        ["delta CRL"] = new(true, a => a.PckCrl.Others.Add(("2.5.29.27", true)), "CRL_FORMAT"),
        ["CRL of another scope"] = new(true, a => a.RootCrl.Others.Add(("2.5.29.28", true)), "CRL_FORMAT"),
        ["no SGX extension"] = new(true, a => a.Pck.SgxExtension = [], "PCK_EXTENSION_INVALID"),
        ["extension of six members"] = new(true, a => a.Extension.Omitted.Add("6"), "PCK_EXTENSION_INVALID"),
        ["extension of five members"] = new(true, a => a.Extension.Omitted.UnionWith(["6", "7"]), null),
        ["17 TCB members"] = new(true, a => a.Extension.Omitted.Add("2.16"), "PCK_EXTENSION_INVALID"),
        ["component of 256"] = new(true, a => a.Extension.Components[3] = 256, "PCK_EXTENSION_INVALID"),
        ["component below zero"] = new(true, a => a.Extension.Components[3] = -1, "PCK_EXTENSION_INVALID"),
        ["PCESVN of 65536"] = new(true, a => a.Extension.PceSvn = 65536, "PCK_EXTENSION_INVALID"),
        ["repeated member"] = new(true, a => a.Extension.Repeated = "4", "PCK_EXTENSION_INVALID"),
        ["repeated TCB member"] = new(true, a => a.Extension.Repeated = "2.3", "PCK_EXTENSION_INVALID"),
        ["PCEID of three bytes"] = new(true, a => a.Extension.PceId = [0, 0, 0], "PCK_EXTENSION_INVALID"),
        ["FMSPC of five bytes"] = new(true, a => a.Extension.Fmspc = [0, 0, 0, 0, 0], "PCK_EXTENSION_INVALID"),
        ["bytes behind the extension"] = new(true, a => a.Extension.Trailing = [0x05, 0x00], "PCK_EXTENSION_INVALID"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_change_has_its_cause(string name) => Judgement.Check(Cases, name);

    private static readonly Dictionary<string, (Action<TestAuthority, DateTimeOffset> Start, Action<TestAuthority, DateTimeOffset> End, string Family)> Documents = new()
    {
        ["PCK certificate"] = ((a, at) => a.Pck.NotBefore = at, (a, at) => a.Pck.NotAfter = at, "PCK"),
        ["PCK CA"] = ((a, at) => a.PckCa.NotBefore = at, (a, at) => a.PckCa.NotAfter = at, "INTERMEDIATE_CA"),
        ["root"] = ((a, at) => a.Root.NotBefore = at, (a, at) => a.Root.NotAfter = at, "ROOT_CA"),
        ["TCB signing certificate"] = ((a, at) => a.TcbSigning.NotBefore = at, (a, at) => a.TcbSigning.NotAfter = at, "TCB_SIGNING_CERT"),
        ["root CRL"] = ((a, at) => a.RootCrl.ThisUpdate = at, (a, at) => a.RootCrl.NextUpdate = at, "CRL"),
        ["PCK CRL"] = ((a, at) => a.PckCrl.ThisUpdate = at, (a, at) => a.PckCrl.NextUpdate = at, "CRL"),
        ["TCB info"] = ((a, at) => a.TcbInfo["issueDate"] = TestAuthority.Date(at), (a, at) => a.TcbInfo["nextUpdate"] = TestAuthority.Date(at), "TCB_INFO"),
        ["QE identity"] = ((a, at) => a.QeIdentity["issueDate"] = TestAuthority.Date(at), (a, at) => a.QeIdentity["nextUpdate"] = TestAuthority.Date(at), "QE_IDENTITY"),
    };

    public static TheoryData<string> DocumentNames => [.. Documents.Keys];

    [Theory]
    [MemberData(nameof(DocumentNames))]
    public void The_first_and_the_last_second_are_valid_and_one_more_is_not(string name)
    {
        var (start, end, family) = Documents[name];
        Assert.Null(Judge(a => end(a, Noon)).Cause);
        Assert.Null(Judge(a => start(a, Noon)).Cause);
        Judgement late = Judge(a => end(a, Noon.AddSeconds(-1))), early = Judge(a => start(a, Noon.AddSeconds(1)));
        Assert.Contains($"{family}_EXPIRED", late.Codes);
        Assert.Contains($"{family}_NOT_YET_VALID", early.Codes);
        Assert.NotNull(late.Cause);
        Assert.NotNull(early.Cause);
    }

    private static Judgement Judge(Action<TestAuthority> change)
    {
        var authority = new TestAuthority(tdx: true);
        change(authority);
        return Judgement.Of(authority);
    }

    private static TestCertificate Processor(TestAuthority a) => new()
    {
        Name = "Intel SGX PCK Processor CA",
        Issuer = a.Root.Name,
        Key = TestAuthority.Key("processor"),
        Signer = a.Root.Key,
        Serial = [0x41, 9],
        IsCa = true,
        PathLength = 0,
        KeyUsage = 0x06,
    };

    // The collateral keeps its good CA; only the quote's chain is changed.
    private static void WithOwnChain(TestAuthority a, string key, Action<TestCertificate, string> change)
    {
        var ca = new TestCertificate { Name = a.PckCa.Name, Issuer = a.Root.Name, Key = a.PckCa.Key, Signer = a.Root.Key, Serial = [0x41, 2], IsCa = true, PathLength = 0, KeyUsage = 0x06 };
        change(ca, key);
        a.CertificateOrder = () => a.Pck.Pem() + ca.Pem() + a.Root.Pem();
    }

    private static byte[] Damaged(byte[] der)
    {
        byte[] copy = [.. der];
        // Inside the serial number: the structure stays whole, the signature does not.
        int at = copy.AsSpan().IndexOf((byte[])[0x02, 0x02, 0x41, 0x01]);
        copy[at + 3] ^= 2;
        return copy;
    }

    private static byte[] P384()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] Rsa()
    {
        using var key = RSA.Create(2048);
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] OffCurve(ECDsa key)
    {
        byte[] info = key.ExportSubjectPublicKeyInfo();
        info[^1] ^= 1;
        return info;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Benchmarks.Verify;

/// <summary>
/// One TDX host under a development root: quotes, each signed by itself, and collateral of the size of Intel's largest for a
/// TDX family: 6 TCB levels with 72 advisories in 8 KB, 57 revoked certificates.
/// </summary>
internal sealed class BenchmarkPlatform : IDisposable
{
    public static readonly DateTimeOffset At = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly JsonSerializerOptions AsExchanged = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly byte[] Seed = SHA256.HashData("witan verification benchmark"u8);
    private readonly DevelopmentPki _pki = new(Seed);
    private readonly TdMeasurements _td = new(
        SHA384.HashData("mrtd"u8), new byte[48], [.. Enumerable.Range(0, 4).Select(i => SHA384.HashData([(byte)i]))]);

    public BenchmarkPlatform()
    {
        Collateral = WithOrdinarySizes(_pki.Collateral(At));
        if (!TrustRoot.TryCreate(Encoding.ASCII.GetBytes(_pki.RootPem), isSimulated: true, out TrustRoot? root, out Finding? refusal))
            throw new InvalidOperationException(refusal.Message);
        Root = root;
    }

    public TrustRoot Root { get; }

    public string RootPem => _pki.RootPem;

    /// <summary>The exchanged JSON.</summary>
    public byte[] Collateral { get; }

    /// <summary>Quotes of one attestation key; each has its own report data, QE report signature and signature.</summary>
    public byte[][] OfOneKey(int count)
    {
        using var author = new TdQuoteAuthor(_pki, Seed);
        return [.. Enumerable.Range(0, count).Select(i => author.Quote(_td, SHA512.HashData(Number(i))))];
    }

    /// <summary>Quotes of as many attestation keys.</summary>
    public byte[][] OfManyKeys(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            using var author = new TdQuoteAuthor(_pki, SHA256.HashData([.. Seed, .. Number(i)]));
            return author.Quote(_td, SHA512.HashData(Number(i)));
        }),
    ];

    public void Dispose() => _pki.Dispose();

    private static byte[] Number(int i) => Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture));

    private static byte[] WithOrdinarySizes(byte[] collateral)
    {
        Dictionary<string, string> members = JsonSerializer.Deserialize<Dictionary<string, string>>(collateral)!;
        string info = members["tcb_info"];
        int from = info.IndexOf("\"tcbLevels\":[{\"tcb\":{\"sgx", StringComparison.Ordinal);
        string tcbInfo = info[..from] + $"\"tcbLevels\":[{string.Join(',', Enumerable.Range(0, 6).Select(Level))}]}}";
        using ECDsa signing = SeededKey.Ecdsa(Seed, "tcb-signing");
        members["tcb_info"] = tcbInfo;
        members["tcb_info_signature"] = Convert.ToHexStringLower(signing.SignData(
            Encoding.UTF8.GetBytes(tcbInfo), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        members["pck_crl"] = Convert.ToHexStringLower(Crl(members["pck_crl_issuer_chain"]));
        return JsonSerializer.SerializeToUtf8Bytes(members, AsExchanged);
    }

    // The first is the platform's; each further one asks for less and carries more advisories.
    private static string Level(int index)
    {
        static string Component(int svn, string words) => $"{{\"svn\":{svn}{words}}}";
        string[] words = [",\"category\":\"BIOS\",\"type\":\"Early Microcode Update\"", ",\"category\":\"OS/VMM\",\"type\":\"SGX Late Microcode Update\"", ",\"category\":\"OS/VMM\",\"type\":\"TXT SINIT\"", ",\"category\":\"BIOS\""];
        string sgx = string.Join(',', Enumerable.Range(0, 16).Select(i => Component(i < 8 ? Math.Max(0, 5 - index) : 0, i < 4 ? words[i] : "")));
        string tdx = string.Join(',', Enumerable.Range(0, 16).Select(i => Component(i == 2 ? 4 : 0, i < 3 ? ",\"category\":\"OS/VMM\",\"type\":\"TDX Module\"" : "")));
        string advisories = index == 0 ? "" : $",\"advisoryIDs\":[{string.Join(',', Enumerable.Range(0, (index * 5) - 1).Select(i => $"\"INTEL-SA-{i + 800:00000}\""))}]";
        return $"{{\"tcb\":{{\"sgxtcbcomponents\":[{sgx}],\"pcesvn\":{13 - index},\"tdxtcbcomponents\":[{tdx}]}},"
            + $"\"tcbDate\":\"{2025 - index}-01-01T00:00:00Z\",\"tcbStatus\":\"{(index == 0 ? "UpToDate" : "OutOfDate")}\"{advisories}}}";
    }

    private static byte[] Crl(string issuerChain)
    {
        using X509Certificate2 issuer = X509Certificate2.CreateFromPem(issuerChain);
        using ECDsa key = SeededKey.Ecdsa(Seed, "pck-ca");
        var builder = new CertificateRevocationListBuilder();
        for (int i = 0; i < 57; i++)
        {
            byte[] serial = SeededKey.Bytes(Seed, $"revoked-{i}", 20);
            serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
            builder.AddEntry(serial, At.AddDays(-2), X509RevocationReason.KeyCompromise);
        }

        return builder.Build(
            issuer.SubjectName,
            X509SignatureGenerator.CreateForECDsa(key),
            1,
            At.AddDays(28),
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false),
            At.AddDays(-2));
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Fuzz.Pki;

namespace Witan.Fuzz.Quotes;

/// <summary>
/// Targets over what the test authority makes. Where the bytes are signed the oracle is "refused, or accepted with identical claims". Where they
/// are not, or are signed anew after the change, it is what the format itself promises.
/// </summary>
public static class AttestationTargets
{
    /// <summary>The names, in the order of the usage text.</summary>
    public static readonly string[] Names = ["quote", "certificate", "pck-extension", "crl", "tcb-info", "qe-identity", "collateral", "policy"];

    /// <summary>Runs a target; null where there is none of that name.</summary>
    public static int? Run(string target, string[] args) => Target(target) is { } found ? found.Loop.Run(found.Samples, args) : null;

    /// <summary>A target with its samples.</summary>
    public static (FuzzLoop Loop, byte[][] Samples)? Target(string name) => name switch
    {
        "quote" => (new FuzzLoop(name, Samples.Claims), Samples.Quotes()),
        "certificate" => (new FuzzLoop(name, Certificate), [new TestAuthority(true).Pck.Der(), WithExtension().Pck.Der()]),
        "pck-extension" => (new FuzzLoop(name, Extension, (_, now, _) => now.Length > 0), [new TestPckExtension().Der(), Processor().Der()]),
        "crl" => (new FuzzLoop(name, Crl), [Revoking().PckCrl.Der()]),
        "tcb-info" => (new FuzzLoop(name, bytes => Signed(bytes, tcbInfo: true), (_, now, _) => now.Length > 0), [Text(new TestAuthority(true).TcbInfo), Text(TestDocuments.TcbInfo(false, TestAuthority.Noon.AddDays(-1), TestAuthority.Noon.AddDays(9))), Text(TestDocuments.TcbInfoV2(TestAuthority.Noon.AddDays(-1), TestAuthority.Noon.AddDays(9)))]),
        "qe-identity" => (new FuzzLoop(name, bytes => Signed(bytes, tcbInfo: false), (_, now, _) => now.Length > 0), [Text(new TestAuthority(true).QeIdentity)]),
        "collateral" => (new FuzzLoop(name, Whole), [new TestAuthority(true).CollateralBytes(), Revoking().CollateralBytes()]),
        "policy" => (new FuzzLoop(name, Policy, (_, now, _) => now.Length > 0), [.. Policies]),
        _ => null,
    };

    private static byte[][] Policies =>
    [
        AppraisalPolicy.Strict.ToJson(),
        """
        {"schema":"witan.policy/1","name":"x","rule":"phala","worstLevel":3,"acceptedAdvisories":["INTEL-SA-00615"],"grace":[{"level":5,"until":"2026-12-01T00:00:00Z"}],
        "collateralAge":{"warnSeconds":604800,"demoteSeconds":1209600},"rtmr":[[],[]],"allowedXfam":"00000000000602e7","rejectedPlatform":["smt"],"isvProdIds":[1,2],
        "platforms":[{"fmspc":"b0c06f000000","provenance":"P1","source":"rack"}],"minimumProvenance":"P1","minimumTcbDate":"2025-05-14T00:00:00Z"}
        """u8.ToArray(),
    ];

    private static TestAuthority WithExtension()
    {
        var authority = new TestAuthority(true);
        authority.Pck.SgxExtension = authority.Extension.Der();
        return authority;
    }

    private static TestPckExtension Processor()
    {
        var extension = new TestPckExtension();
        extension.Omitted.UnionWith(["6", "7"]);
        return extension;
    }

    private static TestAuthority Revoking()
    {
        var authority = new TestAuthority(true);
        authority.PckCrl.Revoked.AddRange([[1], [0x7F, 2, 3], [0x80, 4]]);
        return authority;
    }

    private static byte[] Text(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static string? Certificate(byte[] der)
    {
        if (!Witan.Attestation.Certificate.TryParse(der, out Certificate? certificate))
            return null;
        if (!Witan.Attestation.Certificate.TryParse(new TestAuthority(true).PckCa.Der(), out Certificate? ca) || !EcdsaP256Key.TryCreate(ca.PublicKey.Span, out EcdsaP256Key? key))
            throw new InvalidOperationException("the test CA is refused");
        using (key)
        {
            return certificate.IsIssuedBy(ca, key)
                ? $"{certificate.SubjectName} {certificate.Serial} {certificate.NotBefore:u} {certificate.NotAfter:u} {Convert.ToHexString(certificate.PublicKey.Span)} {Convert.ToHexString(certificate.SgxExtension.Span)}"
                : null;
        }
    }

    private static string? Extension(byte[] der)
    {
        if (!PckExtension.TryParse(der, out PckExtension? extension))
            return null;
        bool whole = extension.Components.Length == 16 && extension.Ppid.Length == 16 && extension.CpuSvn.Length == 16 && extension.PceId.Length == 2
            && extension.Fmspc.Length == 6 && extension.PceSvn is >= 0 and <= 65535 && extension.SgxType is >= 0 and <= 2;
        return whole ? "whole" : "";
    }

    // The list is signed: changed bytes verify only where the claims are the same.
    private static string? Crl(byte[] der) => Member("pck_crl", Convert.ToHexStringLower(der), Revoking());

    private static string? Signed(byte[] text, bool tcbInfo)
    {
        string decoded = Encoding.UTF8.GetString(text);
        var authority = new TestAuthority(true);
        string name = tcbInfo ? "tcb_info" : "qe_identity";
        authority.ChangeCollateral = file =>
        {
            file[name] = decoded;
            file[name + "_signature"] = Convert.ToHexStringLower(authority.TcbSigning.Key.SignData(
                Encoding.UTF8.GetBytes(decoded), System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        };
        if (Verified(authority.CollateralBytes()) is not { } trusted)
            return null;
        // Authentic, whatever it says: every quote must still be judged without an exception.
        foreach (byte[] bytes in new[] { authority.QuoteBytes() })
        {
            if (Quote.TryParse(bytes, out Quote? quote, out _))
                Appraiser.Appraise(QuoteVerifier.Verify(quote, trusted, TestAuthority.Noon), AppraisalPolicy.Strict);
        }

        return trusted.TcbInfo.Levels.Count > 0 && trusted.QeIdentity.Levels.Count > 0 ? "whole" : "";
    }

    private static string? Member(string name, string value, TestAuthority authority)
    {
        authority.ChangeCollateral = file => file[name] = value;
        return Whole(authority.CollateralBytes());
    }

    private static string? Whole(byte[] file)
    {
        if (Verified(file) is not { } trusted || !Quote.TryParse(s_quote.Value, out Quote? quote, out _))
            return null;
        return Samples.Claims(QuoteVerifier.Verify(quote, trusted, TestAuthority.Noon)) is { } claims
            ? $"{claims} {trusted.PckCrl.Count} {trusted.RootCrl.Count} {trusted.PckCrl.NextUpdate:u} {trusted.EarliestExpiry:u} {trusted.EvaluationDataNumber}"
            : null;
    }

    private static TrustedCollateral? Verified(byte[] file) =>
        Collateral.TryParse(file, out Collateral? collateral, out _) ? CollateralVerifier.Verify(collateral, Samples.Root, TestAuthority.Noon).Trusted : null;

    private static readonly Lazy<byte[]> s_quote = new(() => new TestAuthority(true).QuoteBytes());

    private static string? Policy(byte[] json)
    {
        if (!PolicyFile.TryParse(json, out AppraisalPolicy? policy, out Finding? refusal))
            return refusal.Subject is null ? throw new InvalidOperationException("a refusal that names no member") : null;
        return PolicyFile.TryParse(policy.ToJson(), out AppraisalPolicy? again, out _) && again.Hash() == policy.Hash() ? policy.Hash() : "";
    }
}

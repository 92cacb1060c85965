using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Witan.Tests.Attestation.Ias;

namespace Witan.Tests.Attestation.Tokens;

/// <summary>An issuer with its key, results to sign, and forged tokens that carry a good signature.</summary>
internal sealed class TokenBench
{
    // Making RSA keys is slow; one service is enough for all.
    private static readonly Lazy<IasTestService> OneService = new(() => new IasTestService());

    public TokenBench() => Set = new JsonWebKeySet([JsonWebKey.Of(Key)]);

    public static DateTimeOffset Now { get; } = IasTestService.At.AddMinutes(2);

    public static byte[] Nonce { get; } = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];

    public static AppraisalPolicy Policy { get; } = AppraisalPolicy.Phala with { AcceptSimulated = true };

    public static TokenExpectations Expectations { get; } = new() { Audience = "council", Nonce = Nonce };

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public IasTestService Service => OneService.Value;

    public JsonWebKeySet Set { get; }

    public SubmoduleResult Submodule(string status = "OK", string advisory = "", AppraisalPolicy? policy = null)
    {
        IasFacts facts = Service.Verify(IasTestService.Body(status, advisory.Length == 0 ? "" : $",\"advisoryIDs\":[\"{advisory}\"]"));
        Verdict verdict = Appraiser.Appraise(facts, policy ?? Policy);
        return AppraisalClaims.Of(facts, verdict, policy ?? Policy, new Dictionary<string, string> { ["mrEnclave"] = new('0', 64), ["reportData"] = new('0', 128) });
    }

    public static AttestationResult Result(EarProfile profile, params SubmoduleResult[] submodules) => new()
    {
        Profile = profile,
        Issuer = "tests",
        Developer = "The Witan developers",
        Build = "tests 1",
        Audience = "council",
        Nonce = Nonce,
        IssuedAt = Now,
        ExpiresAt = Now.AddMinutes(5),
        Submodules = submodules,
    };

    public string Issue(EarProfile profile = EarProfile.Veraison2023) => AttestationResultToken.Issue(Result(profile, Submodule()), Key);

    public TokenFacts Verify(string token, DateTimeOffset? at = null) => TokenVerifier.Verify(token, Set, Expectations, at ?? Now.AddMinutes(1));

    /// <summary>The header and the claims of a token.</summary>
    public static (string Header, string Claims) Open(string token)
    {
        string[] parts = token.Split('.');
        return (Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])), Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])));
    }

    /// <summary>A token of any header and claims, signed well.</summary>
    public string Sign(string header, string claims)
    {
        string signed = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        return signed + "." + Base64Url.EncodeToString(Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
    }
}

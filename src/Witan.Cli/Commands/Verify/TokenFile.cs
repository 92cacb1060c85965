using System.Text;
using Witan.Attestation;

namespace Witan.Cli.Commands.Verify;

/// <summary>A token in a file: another verifier's verdict, checked offline.</summary>
internal sealed class TokenFile(JsonWebKeySet keys, TokenExpectations expectations)
{
    /// <summary>What a token says of itself in <c>evidence.kind</c>.</summary>
    public const string Kind = "attestation-result";

    public VerifyResult Judge(string file, byte[] bytes, AppraisalPolicy policy, DateTimeOffset at)
    {
        TokenFacts facts = TokenVerifier.Verify(Encoding.Latin1.GetString(bytes).Trim('\r', '\n', '\t', ' '), keys, expectations, at);
        return new VerifyResult(file, null, null, Appraiser.Appraise(facts, policy)) { Kind = Kind, Token = facts };
    }

    /// <summary>What the token says, named; of several submodules each name has its label before it.</summary>
    public static Dictionary<string, string>? Claims(TokenFacts facts)
    {
        if (facts.Result is not { } result)
            return null;
        var claims = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["issuer"] = result.Issuer,
            ["audience"] = result.Audience,
            ["profile"] = result.Profile == EarProfile.Rats03 ? "rats-03" : "veraison",
            ["verifier"] = $"{result.Developer}, {result.Build}",
            ["nonce"] = Convert.ToHexStringLower(result.Nonce.Span),
            ["issuedAt"] = Time(result.IssuedAt),
        };
        if (result.ExpiresAt is { } expiry)
            claims["expiresAt"] = Time(expiry);
        if (facts.KeyId is { } key)
            claims["keyId"] = key;
        foreach (SubmoduleResult submodule in result.Submodules)
        {
            string prefix = result.Submodules.Count == 1 ? "" : submodule.Label + ".";
            claims[prefix + "status"] = submodule.Status.ToString().ToLowerInvariant();
            if (submodule.Appraisal is not { } claim)
                continue;
            claims[prefix + "evidenceKind"] = claim.EvidenceKind;
            claims[prefix + "evaluatedAt"] = Time(claim.EvaluatedAt);
            claims[prefix + "policy"] = claim.Policy;
            claims[prefix + "policyHash"] = claim.PolicyHash;
            foreach (TokenDocument document in claim.Collateral)
                claims[$"{prefix}collateral.{document.Kind}"] = document.Sha256;
            foreach ((string name, string value) in claim.Claims)
                claims.TryAdd(prefix + name, value);
        }

        return claims;
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}

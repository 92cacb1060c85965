using System.Reflection;
using System.Security.Cryptography;
using Witan.Attestation;

namespace Witan.Cli.Commands.Verify;

/// <summary>Puts a verdict into a signed token.</summary>
internal sealed class TokenIssuer(ECDsa key, EarProfile profile, string issuer, string audience, byte[] nonce, TimeSpan lifetime) : IDisposable
{
    private static readonly string Build = $"witan {typeof(TokenIssuer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown"}";

    public JsonWebKey PublicKey { get; } = JsonWebKey.Of(key);

    /// <summary>The token; null where there are no facts to speak of: the evidence could not be read, or its collateral is missing.</summary>
    public string? Issue(VerifyResult result, AppraisalPolicy policy, DateTimeOffset now)
    {
        if (VerifyClaims.Of(result) is not { } claims)
            return null;
        SubmoduleResult? submodule = result.Facts is { } facts ? AppraisalClaims.Of(facts, result.Verdict, policy, claims)
            : result.Ias is { } ias ? AppraisalClaims.Of(ias, result.Verdict, policy, claims)
            : null;
        if (submodule is null)
            return null;
        var issued = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return AttestationResultToken.Issue(
            new AttestationResult
            {
                Profile = profile,
                Issuer = issuer,
                Developer = "The Witan developers",
                Build = Build,
                Audience = audience,
                // Whoever asked for the evidence put the question into its report data.
                Nonce = nonce.Length > 0 ? nonce : Convert.FromHexString(claims["reportData"]),
                IssuedAt = issued,
                ExpiresAt = issued + lifetime,
                Submodules = [submodule],
            },
            key);
    }

    public void Dispose() => key.Dispose();
}

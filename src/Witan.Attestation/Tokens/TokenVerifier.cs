using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Checks tokens: the algorithm is the key's and nothing else, the key is found by its id in the set given, and what a header brings along
/// (<c>jku</c>, <c>x5u</c>, <c>jwk</c>, <c>x5c</c>) is never used. Each part has one spelling only, so a changed character is a refusal.
/// </summary>
public static class TokenVerifier
{
    private static readonly string[] Types = ["JWT", "eat-jwt", "eat+jwt", "application/eat-jwt", "application/eat+jwt"];
    private static readonly string[] Brought = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

    /// <summary>Verifies a token with an issuer's keys at a moment. Always gives facts; look at their authenticity.</summary>
    public static TokenFacts Verify(string token, JsonWebKeySet keys, TokenExpectations expectations, DateTimeOffset at)
    {
        var findings = new FindingList();
        AttestationResult? result = null;
        JsonWebKey? key = null;
        string[] parts = token.Length > AttestationResultToken.MaximumSize ? [] : token.Split('.');
        byte[]?[] bytes = [.. parts.Select(part => StrictText.Base64Url(part))];
        if (bytes.Length != 3 || Array.Exists(bytes, part => part is null or { Length: 0 }))
        {
            Refuse("TOKEN_FORMAT", "token", $"the token is not three parts of base64url within {AttestationResultToken.MaximumSize} characters", findings);
        }
        else
        {
            key = Header(bytes[0]!, keys, findings);
            if (key is not null && !key.Verify(Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]), bytes[2]))
                Refuse("TOKEN_SIGNATURE_INVALID", "signature", $"the token is not signed by key {key.KeyId}", findings);
            result = Claims(bytes[1]!, findings);
            if (result is not null)
                Check(result, expectations, at, findings);
        }

        return new TokenFacts
        {
            Result = result,
            At = at,
            Authenticity = findings.HasErrors ? Authenticity.NotGenuine : Authenticity.Genuine,
            Findings = findings.All,
            KeyId = key?.KeyId,
        };
    }

    private static JsonWebKey? Header(byte[] bytes, JsonWebKeySet keys, FindingList findings)
    {
        try
        {
            using JsonDocument document = SignedJson.Parse(bytes);
            JsonElement header = document.RootElement;
            string algorithm = SignedJson.Text(header, "alg"), id = SignedJson.Text(header, "kid");
            if (header.TryGetProperty("crit", out _))
                return Refuse("TOKEN_CRITICAL_HEADER", "header", "the token demands an extension (crit); none is known here", findings);
            if (header.TryGetProperty("typ", out _) && !Types.Contains(SignedJson.Text(header, "typ"), StringComparer.OrdinalIgnoreCase))
                return Refuse("TOKEN_TYPE", "header", "the token is of another type than an attestation result", findings);
            if (algorithm is not ("ES256" or "ES384"))
                return Refuse("TOKEN_ALGORITHM", "header", $"algorithm {Short(algorithm)} is not accepted; ES256 and ES384 are", findings);
            if (!JsonWebKey.IsKeyId(id))
                return Refuse("TOKEN_KEY_UNKNOWN", "header", "the key id has characters that no key id has", findings);
            if (Array.Exists(Brought, name => header.TryGetProperty(name, out _)))
                findings.Note("TOKEN_BROUGHT_KEY", "header", "the token brings keys or addresses of keys along; they are not used");
            if (keys.Find(id) is not { } key)
            {
                findings.Fail("TOKEN_KEY_UNKNOWN", "key set", $"key {id} is not in the issuer's key set", FindingActor.VerifierOperator, "Get the issuer's key set (JWKS) again, or refuse the token.");
                return null;
            }

            return key.Algorithm == algorithm ? key : Refuse("TOKEN_ALGORITHM", "header", $"key {id} signs with {key.Algorithm}, the token says {algorithm}", findings);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Refuse("TOKEN_FORMAT", "header", e is JsonException ? "the header is no strict JSON" : $"the header cannot be read: {e.Message}", findings);
        }
    }

    private static AttestationResult? Claims(byte[] payload, FindingList findings)
    {
        try
        {
            return TokenReader.Read(payload);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            Refuse("TOKEN_FORMAT", "claims", e is JsonException ? "the claims are no strict JSON" : $"the claims cannot be read: {e.Message}", findings);
            return null;
        }
    }

    private static void Check(AttestationResult result, TokenExpectations expectations, DateTimeOffset at, FindingList findings)
    {
        if (result.Audience != expectations.Audience)
            Refuse("TOKEN_AUDIENCE", "aud", result.Audience.Length == 0 ? "the token is for nobody: it has no audience" : $"the token is for {Short(result.Audience)}, not for {Short(expectations.Audience)}", findings);
        if (expectations.Issuer is { } issuer && result.Issuer != issuer)
            Refuse("TOKEN_ISSUER", "iss", $"the token is of {Short(result.Issuer)}, not of {Short(issuer)}", findings);
        if (expectations.Nonce.IsEmpty)
            findings.Note("TOKEN_NONCE", "eat_nonce", "the nonce was not checked: none was given");
        else if (!CryptographicOperations.FixedTimeEquals(result.Nonce.Span, expectations.Nonce.Span))
            Refuse("TOKEN_NONCE", "eat_nonce", "the token answers another question: its nonce is not the one given", findings);
        DateTimeOffset expiry = result.ExpiresAt ?? result.IssuedAt + AttestationResultToken.DefaultLifetime;
        if (at >= expiry)
            Refuse("TOKEN_EXPIRED", "exp", $"the token expired at {expiry:yyyy-MM-dd'T'HH:mm:ss'Z'}{(result.ExpiresAt is null ? ", five minutes after its issue, as it names no end" : "")}; judged at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}", findings);
        if (result.IssuedAt > at + expectations.ClockTolerance)
            Refuse("TOKEN_NOT_YET_VALID", "iat", $"the token is of {result.IssuedAt:yyyy-MM-dd'T'HH:mm:ss'Z'}, later than the moment it is judged at", findings);
        if (expiry <= result.IssuedAt)
            Refuse("TOKEN_FORMAT", "exp", "the token ends before it begins", findings);
    }

    private static JsonWebKey? Refuse(string code, string subject, string message, FindingList findings)
    {
        findings.Fail(code, subject, message, FindingActor.Sender, "Ask the verifier for a new token.");
        return null;
    }

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "…";
}

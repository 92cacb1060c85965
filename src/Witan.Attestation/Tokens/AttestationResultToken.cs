using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Witan.Attestation;

/// <summary>Signs attestation results: a JWT of ES256 or ES384, as the key's curve demands.</summary>
public static class AttestationResultToken
{
    /// <summary>Largest token that is read, in characters.</summary>
    public const int MaximumSize = 128 * 1024;

    /// <summary>How long a token lives unless said otherwise.</summary>
    public static TimeSpan DefaultLifetime { get; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Signs a result. Throws <see cref="ArgumentException"/> for a key of another curve, a nonce that is not of 9 to 64 bytes, an empty
    /// audience, no submodule, or a status that is better than the vector.
    /// </summary>
    public static string Issue(AttestationResult result, ECDsa key)
    {
        if (result.Nonce.Length is < 9 or > 64)
            throw new ArgumentException("a nonce has 9 to 64 bytes; use 32", nameof(result));
        if (result.Audience.Length == 0)
            throw new ArgumentException("a result is for somebody: the audience is empty", nameof(result));
        if (result.Submodules.Count == 0 || result.Submodules.Any(submodule => submodule.Status != EarStatus.None && submodule.Status < submodule.Vector.Worst))
            throw new ArgumentException("there is no submodule, or one with a status that is better than its vector", nameof(result));
        JsonWebKey signer = JsonWebKey.Of(key);
        string header = $$"""{"alg":"{{signer.Algorithm}}","typ":"{{EarNames.Of(result.Profile).TokenType}}","kid":"{{signer.KeyId}}"}""";
        string signed = $"{Base64Url.EncodeToString(Encoding.ASCII.GetBytes(header))}.{Base64Url.EncodeToString(TokenWriter.Write(result))}";
        byte[] signature = key.SignData(Encoding.ASCII.GetBytes(signed), signer.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Whether text looks like a token: three parts, the first of them a JSON object in base64url.</summary>
    public static bool Resembles(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> text = file.Trim(" \t\r\n"u8);
        return text.StartsWith("eyJ"u8) && text.Count((byte)'.') == 2;
    }
}

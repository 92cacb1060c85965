using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>
/// A public key that signs attestation results: P-256 (ES256) or P-384 (ES384). Identified by its key id, which for ours is the
/// thumbprint of RFC 7638.
/// </summary>
public sealed class JsonWebKey
{
    private const string P256 = "1.2.840.10045.3.1.7";
    private const string P384 = "1.3.132.0.34";

    private readonly ECParameters _parameters;
    private readonly EcdsaP256Key? _p256;

    private JsonWebKey(ECParameters parameters, string curve, string? keyId)
    {
        _parameters = parameters;
        Curve = curve;
        if (curve == "P-256" && !EcdsaP256Key.TryCreate([.. parameters.Q.X!, .. parameters.Q.Y!], out _p256))
            throw new CryptographicException("no point of P-256");
        KeyId = keyId ?? Thumbprint();
    }

    /// <summary><c>kid</c>: letters, digits, dots, hyphens, underscores, up to 128.</summary>
    public string KeyId { get; }

    /// <summary><c>crv</c>: <c>P-256</c> or <c>P-384</c>.</summary>
    public string Curve { get; }

    /// <summary><c>alg</c>: the only algorithm that this key may be used with.</summary>
    public string Algorithm => Curve == "P-256" ? "ES256" : "ES384";

    /// <summary><c>x</c>, big-endian.</summary>
    public ReadOnlyMemory<byte> X => _parameters.Q.X;

    /// <summary><c>y</c>, big-endian.</summary>
    public ReadOnlyMemory<byte> Y => _parameters.Q.Y;

    internal HashAlgorithmName Hash => Curve == "P-256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384;

    /// <summary>The public half of a key. Throws <see cref="ArgumentException"/> for another curve.</summary>
    public static JsonWebKey Of(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        string curve = parameters.Curve.Oid?.Value switch
        {
            P256 => "P-256",
            P384 => "P-384",
            _ => throw new ArgumentException("attestation results are signed with P-256 or P-384", nameof(key)),
        };
        return new JsonWebKey(parameters, curve, null);
    }

    /// <summary>A key from its members; false where it is no point of the curve, or the id has other characters.</summary>
    internal static bool TryCreate(string curve, byte[] x, byte[] y, string? keyId, [NotNullWhen(true)] out JsonWebKey? key)
    {
        key = null;
        if ((keyId is not null && !IsKeyId(keyId)) || (curve, x.Length, y.Length) is not (("P-256", 32, 32) or ("P-384", 48, 48)))
            return false;
        var parameters = new ECParameters
        {
            Curve = curve == "P-256" ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384,
            Q = new ECPoint { X = x, Y = y },
        };
        try
        {
            // Whoever makes a key of it finds out whether the point is on the curve.
            if (curve != "P-256")
                ECDsa.Create(parameters).Dispose();
            key = new JsonWebKey(parameters, curve, keyId);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    internal static bool IsKeyId(string text) =>
        text.Length is > 0 and <= 128 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_') && !text.Contains("..", StringComparison.Ordinal);

    internal bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (_p256 is not null)
            return _p256.Verify(data, signature);
        using ECDsa key = ECDsa.Create(_parameters);
        return signature.Length == _parameters.Q.X!.Length * 2 && key.VerifyData(data, signature, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private string Thumbprint() => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(
        $$"""{"crv":"{{Curve}}","kty":"EC","x":"{{Base64Url.EncodeToString(X.Span)}}","y":"{{Base64Url.EncodeToString(Y.Span)}}"}""")));
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Worker.Models;

/// <summary>Whose key signed a model's answer.</summary>
public enum AnswerSigner
{
    /// <summary>The key of the TEE that serves the model signed these exact bytes.</summary>
    ProviderTee,

    /// <summary>The gateway's key signed these exact bytes; it does not say that a model TEE produced them.</summary>
    Gateway,
}

/// <summary>
/// A provider's signature over one answer, as NEAR AI's service gives it at <c>signature/{completion id}</c>. It covers the
/// SHA-256 of the request's and of the response's exact bytes.
/// </summary>
/// <param name="Text">The signed text, as the provider returned it.</param>
/// <param name="Signature">Hexadecimal, with or without 0x.</param>
/// <param name="SigningAddress">Ethereum address (ecdsa) or public key (ed25519), hexadecimal.</param>
/// <param name="SigningAlgo"><c>ecdsa</c> or <c>ed25519</c>.</param>
/// <param name="SignatureKind"><c>provider_tee</c> or <c>gateway</c>; anything else is refused, never guessed.</param>
public sealed record SignedAnswer(string? Text, string? Signature, string? SigningAddress, string? SigningAlgo, string? SignatureKind)
{
    /// <summary>
    /// Verifies against the bytes that this worker itself sent and received. Null where it holds, else one sentence. The expected
    /// text is built and compared whole: a text split at colons would let a model's name carry a hash.
    /// </summary>
    public string? Problem(ModelExchange exchange, string model, out AnswerSigner signer)
    {
        signer = AnswerSigner.Gateway;
        string hashes = $"{Convert.ToHexStringLower(exchange.RequestHash())}:{Convert.ToHexStringLower(exchange.ResponseHash())}";
        string expected;
        switch (SignatureKind)
        {
            case "provider_tee":
                signer = AnswerSigner.ProviderTee;
                expected = $"{model}:{hashes}";
                break;
            case "gateway":
                expected = hashes;
                break;
            default:
                return $"signature_kind is {SignatureKind ?? "missing"}";
        }

        if (Text != expected)
            return "the signed text is not about the bytes that were sent and received";
        if (!TryHex(Signature, out byte[] signature) || !TryHex(SigningAddress, out byte[] address))
            return "signature or signing_address is no hexadecimal";
        return SigningAlgo switch
        {
            "ecdsa" => IsEcdsa(expected, signature, address) ? null : "the signature is not by signing_address",
            "ed25519" => signature.Length == 64 && address.Length == 32 && Ed25519.Verify(address, Encoding.UTF8.GetBytes(expected), signature)
                ? null
                : "the signature is not by signing_address",
            _ => $"signing_algo is {SigningAlgo ?? "missing"}",
        };
    }

    // EIP-191: the digest that wallets sign for a personal message.
    private static bool IsEcdsa(string text, byte[] signature, byte[] address)
    {
        if (signature.Length != Secp256k1.RecoverableSignatureSize || address.Length != 20)
            return false;
        byte[] message = Encoding.UTF8.GetBytes(text);
        byte[] prefix = Encoding.UTF8.GetBytes($"\u0019Ethereum Signed Message:\n{message.Length.ToString(CultureInfo.InvariantCulture)}");
        if (signature[64] is 27 or 28)
            signature[64] -= 27;
        return Secp256k1.TryRecover(Keccak.Hash256([.. prefix, .. message]), signature, out byte[]? key)
            && Secp256k1.TryDecompress(key, out byte[]? point)
            && CryptographicOperations.FixedTimeEquals(Keccak.Hash256(point.AsSpan(1)).AsSpan(12), address);
    }

    private static bool TryHex(string? text, out byte[] bytes)
    {
        bytes = [];
        if (text is null || text.Length > 512)
            return false;
        try
        {
            bytes = Convert.FromHexString(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}

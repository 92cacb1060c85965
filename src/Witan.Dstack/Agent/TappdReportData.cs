using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Dstack;

/// <summary>
/// The report data of the legacy service: a hash over <c>prefix:content</c>, padded with zeros on the right to 64 bytes. The colon is
/// always put in. RA-TLS still binds keys this way, with the prefix <c>ratls-cert</c>.
/// </summary>
public static class TappdReportData
{
    /// <summary>The algorithm that takes the content as it is.</summary>
    public const string Raw = "raw";

    /// <summary>The algorithm that an empty name means.</summary>
    public const string DefaultAlgorithm = "sha512";

    /// <summary>The prefix that an empty one means.</summary>
    public const string DefaultPrefix = "app-data";

    /// <summary>
    /// Computes the 64 bytes. <paramref name="algorithm"/> is one of sha256, sha384, sha512, sha3-256, sha3-384, sha3-512, keccak256,
    /// keccak384, keccak512 or raw. Throws <see cref="ArgumentException"/> with the agent's words for another one, and for raw content
    /// that has not 64 bytes.
    /// </summary>
    public static byte[] Compute(ReadOnlySpan<byte> content, string algorithm = DefaultAlgorithm, string prefix = DefaultPrefix)
    {
        if (algorithm == Raw)
            return content.Length == DstackClient.ReportDataSize ? content.ToArray() : throw new ArgumentException("invalid content length", nameof(content));
        byte[] message = [.. Encoding.UTF8.GetBytes(prefix.Length == 0 ? DefaultPrefix : prefix), .. ":"u8, .. content];
        byte[] hash = algorithm switch
        {
            "" or DefaultAlgorithm => SHA512.HashData(message),
            "sha256" => SHA256.HashData(message),
            "sha384" => SHA384.HashData(message),
            "sha3-256" => SHA3_256.HashData(message),
            "sha3-384" => SHA3_384.HashData(message),
            "sha3-512" => SHA3_512.HashData(message),
            "keccak256" => Keccak.Hash256(message),
            "keccak384" => Keccak.Hash384(message),
            "keccak512" => Keccak.Hash512(message),
            _ => throw new ArgumentException("invalid hash algorithm", nameof(algorithm)),
        };
        Array.Resize(ref hash, DstackClient.ReportDataSize);
        return hash;
    }
}

/// <summary>The report data with which an app's public service binds its signing key.</summary>
public static class AppKeyReportData
{
    /// <summary>
    /// The 64 bytes for a key: <c>dip1::ed25519-pk:</c> or <c>dip1::secp256k1c-pk:</c> and the key in base64url, padded with zeros.
    /// Throws <see cref="ArgumentException"/> for a key of another size than 32 (ed25519) or 33 (secp256k1).
    /// </summary>
    public static byte[] Compute(ReadOnlySpan<byte> publicKey)
    {
        string tag = publicKey.Length switch
        {
            Ed25519.PublicKeySize => "dip1::ed25519-pk:",
            Secp256k1.PublicKeySize => "dip1::secp256k1c-pk:",
            _ => throw new ArgumentException($"a public key has 32 or 33 bytes, not {publicKey.Length}", nameof(publicKey)),
        };
        byte[] text = Encoding.ASCII.GetBytes(tag + System.Buffers.Text.Base64Url.EncodeToString(publicKey));
        Array.Resize(ref text, DstackClient.ReportDataSize);
        return text;
    }
}

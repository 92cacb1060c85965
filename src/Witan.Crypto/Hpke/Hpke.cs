using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Witan.Crypto;

/// <summary>
/// HPKE (RFC 9180), base mode, one message a call: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. A sealed message is
/// the 65-byte encapsulated key, then the ciphertext with its 16-byte tag.
/// </summary>
public static class Hpke
{
    /// <summary>Bytes that sealing adds to a message.</summary>
    public const int Overhead = EncapsulatedSize + TagSize;

    private const int EncapsulatedSize = 65;
    private const int TagSize = 16;
    private const ushort KemId = 0x0010;
    private const ushort KdfId = 0x0001;
    private const ushort AeadAes256Gcm = 0x0002;

    /// <summary>
    /// The key pair that a secret of at least 32 bytes stands for (RFC 9180, DeriveKeyPair): the same secret always gives the
    /// same pair. Dispose the private part.
    /// </summary>
    public static (P256Scalar Private, P256Point Public) DeriveKeyPair(ReadOnlySpan<byte> secret)
    {
        byte[] suite = KemSuite();
        byte[] prk = LabeledExtract(suite, [], "dkp_prk", secret);
        for (int counter = 0; counter < 256; counter++)
        {
            byte[] candidate = LabeledExpand(suite, prk, "candidate", [(byte)counter], P256Scalar.Size);
            if (P256Scalar.TryDecode(candidate, out P256Scalar? scalar) && !scalar.IsZero)
            {
                CryptographicOperations.ZeroMemory(candidate);
                CryptographicOperations.ZeroMemory(prk);
                return (scalar, P256Point.MultiplyBase(scalar));
            }
        }

        throw new CryptographicException("no key pair in 256 candidates");
    }

    /// <summary>
    /// Seals a message to a public key that came from verified evidence. <paramref name="info"/> carries the domain tag and
    /// the context: a ciphertext moved to another context does not open.
    /// </summary>
    public static byte[] Seal(P256Point recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> message)
    {
        using P256Scalar ephemeral = P256Scalar.Random();
        return Seal(recipient, ephemeral, AeadAes256Gcm, info, associated, message);
    }

    /// <summary>Opens a sealed message. False where it is not for this key, info and associated data, or was changed.</summary>
    public static bool TryOpen(
        P256Scalar secret,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associated,
        ReadOnlySpan<byte> sealedMessage,
        [NotNullWhen(true)] out byte[]? message) =>
        TryOpen(secret, AeadAes256Gcm, info, associated, sealedMessage, out message);

    internal static byte[] Seal(
        P256Point recipient,
        P256Scalar ephemeral,
        ushort aead,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associated,
        ReadOnlySpan<byte> message)
    {
        byte[] encapsulated = Uncompressed(P256Point.MultiplyBase(ephemeral));
        byte[] shared = SharedSecret(recipient.Multiply(ephemeral), encapsulated, recipient);
        (byte[] key, byte[] nonce) = Schedule(shared, aead, info);
        byte[] result = new byte[EncapsulatedSize + message.Length + TagSize];
        encapsulated.CopyTo(result, 0);
        using (var gcm = new AesGcm(key, TagSize))
            gcm.Encrypt(nonce, message, result.AsSpan(EncapsulatedSize, message.Length), result.AsSpan(result.Length - TagSize), associated);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(nonce);
        return result;
    }

    internal static bool TryOpen(
        P256Scalar secret,
        ushort aead,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associated,
        ReadOnlySpan<byte> sealedMessage,
        [NotNullWhen(true)] out byte[]? message)
    {
        message = null;
        if (sealedMessage.Length < Overhead || !TryDecodeUncompressed(sealedMessage[..EncapsulatedSize], out P256Point? ephemeral))
            return false;
        byte[] shared = SharedSecret(ephemeral.Multiply(secret), sealedMessage[..EncapsulatedSize], P256Point.MultiplyBase(secret));
        (byte[] key, byte[] nonce) = Schedule(shared, aead, info);
        byte[] plain = new byte[sealedMessage.Length - Overhead];
        try
        {
            using var gcm = new AesGcm(key, TagSize);
            gcm.Decrypt(nonce, sealedMessage[EncapsulatedSize..^TagSize], sealedMessage[^TagSize..], plain, associated);
            message = plain;
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(nonce);
        }
    }

    private static byte[] SharedSecret(P256Point product, ReadOnlySpan<byte> encapsulated, P256Point recipient)
    {
        byte[] dh = product.X();
        byte[] suite = KemSuite();
        byte[] prk = LabeledExtract(suite, [], "eae_prk", dh);
        CryptographicOperations.ZeroMemory(dh);
        byte[] shared = LabeledExpand(suite, prk, "shared_secret", [.. encapsulated, .. Uncompressed(recipient)], 32);
        CryptographicOperations.ZeroMemory(prk);
        return shared;
    }

    private static (byte[] Key, byte[] Nonce) Schedule(byte[] shared, ushort aead, ReadOnlySpan<byte> info)
    {
        byte[] suite = new byte[10];
        "HPKE"u8.CopyTo(suite);
        BinaryPrimitives.WriteUInt16BigEndian(suite.AsSpan(4), KemId);
        BinaryPrimitives.WriteUInt16BigEndian(suite.AsSpan(6), KdfId);
        BinaryPrimitives.WriteUInt16BigEndian(suite.AsSpan(8), aead);
        byte[] pskId = LabeledExtract(suite, [], "psk_id_hash", []);
        byte[] infoHash = LabeledExtract(suite, [], "info_hash", info);
        byte[] context = [0, .. pskId, .. infoHash];
        byte[] secret = LabeledExtract(suite, shared, "secret", []);
        CryptographicOperations.ZeroMemory(shared);
        int keySize = aead == AeadAes256Gcm ? 32 : 16;
        (byte[], byte[]) schedule = (LabeledExpand(suite, secret, "key", context, keySize), LabeledExpand(suite, secret, "base_nonce", context, 12));
        CryptographicOperations.ZeroMemory(secret);
        return schedule;
    }

    private static byte[] KemSuite() => [.. "KEM"u8, KemId >> 8, KemId & 0xFF];

    private static byte[] LabeledExtract(byte[] suite, byte[] salt, string label, ReadOnlySpan<byte> secret)
    {
        byte[] labeled = [.. "HPKE-v1"u8, .. suite, .. System.Text.Encoding.ASCII.GetBytes(label), .. secret];
        byte[] result = HKDF.Extract(HashAlgorithmName.SHA256, labeled, salt);
        CryptographicOperations.ZeroMemory(labeled);
        return result;
    }

    private static byte[] LabeledExpand(byte[] suite, byte[] prk, string label, ReadOnlySpan<byte> info, int length)
    {
        byte[] labeled = [(byte)(length >> 8), (byte)length, .. "HPKE-v1"u8, .. suite, .. System.Text.Encoding.ASCII.GetBytes(label), .. info];
        return HKDF.Expand(HashAlgorithmName.SHA256, prk, length, labeled);
    }

    private static byte[] Uncompressed(P256Point point)
    {
        byte[] bytes = new byte[EncapsulatedSize];
        point.WriteUncompressedTo(bytes);
        return bytes;
    }

    private static bool TryDecodeUncompressed(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out P256Point? point)
    {
        point = null;
        if (bytes[0] != 4)
            return false;
        // The compressed form names the same x and one of two y; the given y must be that one.
        Span<byte> compressed = stackalloc byte[P256Point.Size];
        compressed[0] = (byte)(2 | (bytes[64] & 1));
        bytes.Slice(1, 32).CopyTo(compressed[1..]);
        return P256Point.TryDecode(compressed, out point) && Uncompressed(point).AsSpan().SequenceEqual(bytes);
    }
}

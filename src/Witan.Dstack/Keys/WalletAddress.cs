using System.Numerics;
using Witan.Crypto;

namespace Witan.Dstack;

/// <summary>Addresses of the two ecosystems whose wallets derive from guest agents.</summary>
public static class WalletAddress
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    /// <summary>
    /// The last 20 bytes of Keccak-256 over x ‖ y, with the checksum in the letters' case (EIP-55). Throws
    /// <see cref="ArgumentException"/> where the bytes are no secp256k1 public key of 33 or 65 bytes.
    /// </summary>
    public static string Ethereum(ReadOnlySpan<byte> publicKey)
    {
        if (!Secp256k1.TryDecompress(publicKey, out byte[]? point))
            throw new ArgumentException("no secp256k1 public key", nameof(publicKey));
        string address = Convert.ToHexStringLower(Keccak.Hash256(point.AsSpan(1)).AsSpan(12));
        string checksum = Convert.ToHexStringLower(Keccak.Hash256(System.Text.Encoding.ASCII.GetBytes(address)));
        return "0x" + new string([.. address.Select((c, i) => checksum[i] >= '8' ? char.ToUpperInvariant(c) : c)]);
    }

    /// <summary>The 32 bytes of an Ed25519 public key in base 58.</summary>
    public static string Solana(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != Ed25519.PublicKeySize)
            throw new ArgumentException($"an Ed25519 public key has {Ed25519.PublicKeySize} bytes, not {publicKey.Length}", nameof(publicKey));
        var number = new BigInteger(publicKey, isUnsigned: true, isBigEndian: true);
        var digits = new Stack<char>();
        for (; !number.IsZero; number /= 58)
            digits.Push(Base58[(int)(number % 58)]);
        for (int i = 0; i < publicKey.Length && publicKey[i] == 0; i++)
            digits.Push('1');
        return new string([.. digits]);
    }
}

using System.Security.Cryptography;

namespace Witan.Dstack;

/// <summary>
/// A key that the guest agent derived for this app and a path: 32 bytes, the same for every algorithm; the caller gives them their
/// meaning. Dispose it after use: that zeroes the bytes.
/// </summary>
public sealed class GetKeyResponse : IDisposable
{
    /// <summary>Size of every derived key.</summary>
    public const int Size = 32;

    // Pinned, so that the collector leaves no copies behind when it moves things.
    private readonly byte[] _key = GC.AllocateArray<byte>(Size, pinned: true);
    private bool _disposed;

    internal GetKeyResponse(byte[] key, IReadOnlyList<byte[]> signatureChain, string purpose, string algorithm)
    {
        int size = key.Length;
        if (size == Size)
            key.CopyTo(_key, 0);
        CryptographicOperations.ZeroMemory(key);
        if (size != Size)
            throw new DstackProtocolException($"GetKey: a key of {size} bytes instead of {Size}");
        (SignatureChain, Purpose, Algorithm) = (signatureChain, purpose, algorithm);
    }

    /// <summary>The key. Throws <see cref="ObjectDisposedException"/> after disposal.</summary>
    public ReadOnlySpan<byte> Key
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _key;
        }
    }

    /// <summary>
    /// Two signatures of 65 bytes: the app's key over the public key and purpose, the key management service's over the app's key. See
    /// <see cref="KeySignatureChain"/>.
    /// </summary>
    public IReadOnlyList<byte[]> SignatureChain { get; }

    /// <summary>What the key was asked for; the signature chain covers it.</summary>
    public string Purpose { get; }

    /// <summary>The algorithm asked for; empty means secp256k1.</summary>
    public string Algorithm { get; }

    /// <summary>A copy of the key; zero it after use.</summary>
    public byte[] ToBytes() => Key.ToArray();

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_key);
    }

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => "GetKeyResponse { Key = *** }";
}

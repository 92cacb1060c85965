using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// An Ed25519 key for many signatures: libcrypto derives the public key, which is half of the work of a signature, once. Gives the same bytes as
/// <see cref="Ed25519"/>. Safe to use from several threads; the key is erased by <see cref="Dispose"/>.
/// </summary>
public sealed class Ed25519Signer : IDisposable
{
    private readonly EvpKeyHandle _key;

    /// <summary>Takes a key. Throws <see cref="ArgumentException"/> where the seed has not 32 bytes.</summary>
    public Ed25519Signer(ReadOnlySpan<byte> seed)
    {
        _key = Ed25519.PrivateKey(seed);
        PublicKey = Ed25519.PublicKey(_key);
    }

    /// <summary>The public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Signs a message: 64 bytes.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => Ed25519.Sign(_key, message);

    /// <inheritdoc />
    public void Dispose() => _key.Dispose();
}

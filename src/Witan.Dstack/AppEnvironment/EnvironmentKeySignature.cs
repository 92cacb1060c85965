using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Witan.Crypto;

namespace Witan.Dstack.AppEnvironment;

/// <summary>
/// The key service's signature over an app's environment key: 65 bytes over Keccak-256, so the signer is recovered and not
/// checked. A recovered key proves nothing until it is compared with the key service that is trusted.
/// </summary>
public static class EnvironmentKeySignature
{
    /// <summary>How old a dated signature may be.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(300);

    /// <summary>How far the signer's clock may be ahead.</summary>
    public static readonly TimeSpan MaximumSkew = TimeSpan.FromSeconds(60);

    private static ReadOnlySpan<byte> Prefix => "dstack-env-encrypt-pubkey:"u8;

    /// <summary>The signer of the undated signature: over prefix, app id, public key.</summary>
    /// <returns>False where the signature has not 65 bytes or no key follows from it.</returns>
    public static bool TryRecover(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> appId, ReadOnlySpan<byte> signature, [NotNullWhen(true)] out byte[]? signer) =>
        Secp256k1.TryRecover(Keccak.Hash256([.. Prefix, .. appId, .. publicKey]), signature, out signer);

    /// <summary>The signer of the dated signature: over prefix, app id, the seconds since 1970 as 8 bytes big-endian, public key.</summary>
    /// <param name="publicKey">X25519 public key, 32 bytes.</param>
    /// <param name="appId">App id, 20 bytes.</param>
    /// <param name="timestamp">Seconds since 1970, as the key service sent them.</param>
    /// <param name="signature">65 bytes.</param>
    /// <param name="at">The moment of the check.</param>
    /// <param name="signer">Compressed secp256k1 key, 33 bytes.</param>
    /// <returns>False where it is older than <see cref="MaximumAge"/>, from further ahead than <see cref="MaximumSkew"/>, or no signature.</returns>
    public static bool TryRecover(
        ReadOnlySpan<byte> publicKey,
        ReadOnlySpan<byte> appId,
        long timestamp,
        ReadOnlySpan<byte> signature,
        DateTimeOffset at,
        [NotNullWhen(true)] out byte[]? signer)
    {
        signer = null;
        long now = at.ToUnixTimeSeconds();
        if (timestamp < now - (long)MaximumAge.TotalSeconds || timestamp > now + (long)MaximumSkew.TotalSeconds)
            return false;
        Span<byte> moment = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(moment, timestamp);
        return Secp256k1.TryRecover(Keccak.Hash256([.. Prefix, .. appId, .. moment, .. publicKey]), signature, out signer);
    }
}

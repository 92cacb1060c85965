using System.Buffers;
using Witan.Dstack.AppEnvironment;

namespace Witan.Dstack.Cloud;

/// <summary>The real cipher: <see cref="EncryptedEnvironment"/> and <see cref="EnvironmentKeySignature"/> in the API's hexadecimal.</summary>
public sealed class EnvironmentCipher : IEnvironmentCipher
{
    /// <inheritdoc />
    public string? RecoverSigner(EnvironmentKey key, string appId, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Bytes(key.PublicKey, 32) is not { } publicKey || Bytes(appId, 20) is not { } app)
            return null;
        byte[]? signer = null;
        // The dated signature where there is one: an old answer cannot be played again.
        bool valid = key.SignatureV1 is not null
            ? key.Timestamp is { } timestamp && Bytes(key.SignatureV1, 65) is { } dated
                && EnvironmentKeySignature.TryRecover(publicKey, app, timestamp, dated, at, out signer)
            : Bytes(key.Signature, 65) is { } undated && EnvironmentKeySignature.TryRecover(publicKey, app, undated, out signer);
        return valid ? Convert.ToHexStringLower(signer!) : null;
    }

    /// <inheritdoc />
    public string Encrypt(string publicKey, IReadOnlyDictionary<string, string> environment) =>
        Convert.ToHexStringLower(EncryptedEnvironment.Encrypt(
            Convert.FromHexString(publicKey), environment.OrderBy(entry => entry.Key, StringComparer.Ordinal)));

    private static byte[]? Bytes(string? hex, int size)
    {
        ReadOnlySpan<char> bare = hex is null ? [] : hex.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? hex.AsSpan(2) : hex;
        byte[] bytes = new byte[size];
        return bare.Length == 2 * size && Convert.FromHexString(bare, bytes, out _, out _) == OperationStatus.Done ? bytes : null;
    }
}

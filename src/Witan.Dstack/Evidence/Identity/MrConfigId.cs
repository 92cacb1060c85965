using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Dstack.Evidence;

/// <summary>
/// MRCONFIGID as dstack hosts set it before a TD starts: a version byte, 32 bytes that bind the configuration, 15 zeros. It is
/// in the quote itself, so that it holds without any event log (guests since 0.5.1; zeros before).
/// </summary>
public static class MrConfigId
{
    /// <summary>Size in bytes.</summary>
    public const int Size = 48;

    /// <summary>Version 1: the compose hash.</summary>
    public static byte[] V1(ReadOnlySpan<byte> composeHash)
    {
        if (composeHash.Length != 32)
            throw new ArgumentException("a compose hash has 32 bytes", nameof(composeHash));
        return Make(1, composeHash);
    }

    /// <summary>
    /// Version 2: Keccak-256 over compose hash, application id, kind of the key provider (none 0, local 1, kms 2, tpm 3) and its id.
    /// Throws <see cref="ArgumentException"/> for an unknown kind.
    /// </summary>
    public static byte[] V2(ReadOnlySpan<byte> composeHash, ReadOnlySpan<byte> appId, string keyProvider, ReadOnlySpan<byte> keyProviderId)
    {
        if (Kind(keyProvider) is not { } kind)
            throw new ArgumentException($"no kind of key provider: {keyProvider}", nameof(keyProvider));
        return Make(2, Keccak.Hash256([.. composeHash, .. appId, kind, .. keyProviderId]));
    }

    /// <summary>Version 3: SHA-256 over a tag, a zero byte and the canonical JSON document that <c>vm_config.mr_config</c> carries.</summary>
    public static byte[] V3(string document) => Make(3, DocumentHash(document));

    /// <summary>The 32 bytes of version 3; HOST_DATA on SEV-SNP.</summary>
    public static byte[] DocumentHash(string document) =>
        SHA256.HashData([.. "dstack-mr-config-v3:"u8, 0, .. Encoding.UTF8.GetBytes(document)]);

    /// <summary>The byte for a kind of key provider; null for none that is known.</summary>
    internal static byte? Kind(string keyProvider) => keyProvider switch
    {
        "none" => 0,
        "local" or "local-sgx" => 1,
        "kms" => 2,
        "tpm" => 3,
        _ => null,
    };

    private static byte[] Make(byte version, ReadOnlySpan<byte> hash)
    {
        byte[] value = new byte[Size];
        value[0] = version;
        hash.CopyTo(value.AsSpan(1));
        return value;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text;
using Witan.Attestation;
using Witan.Crypto;

namespace Witan.Dstack;

/// <summary>What a signature chain says once it has led to a trusted key management service.</summary>
/// <param name="AppPublicKey">The app's key, 33 bytes compressed secp256k1.</param>
/// <param name="KmsPublicKey">The service's key, 33 bytes compressed secp256k1.</param>
public sealed record KeySignatureChainFacts(byte[] AppPublicKey, byte[] KmsPublicKey);

/// <summary>
/// The two signatures that come with a derived key. The app's key signs <c>purpose:hex(public key)</c>; the key management service
/// signs <c>dstack-kms-issued:</c>, the app id and the app's key. Both over Keccak-256, 65 bytes with a recovery id, so the public keys
/// follow from the signatures: only the comparison with a key that the caller trusts proves anything.
/// </summary>
public static class KeySignatureChain
{
    /// <summary>Purpose of the key with which Sign signs.</summary>
    public const string SigningPurpose = "signing";

    /// <summary>Size of an app id.</summary>
    public const int AppIdSize = 20;

    /// <summary>
    /// Verifies the chain of a public key up to a key management service. False, with the reason, where a signature is malformed or the
    /// chain leads to another service: another purpose, public key or app id does that as well as another service's signature.
    /// </summary>
    /// <param name="publicKey">The derived public key: 32 bytes of Ed25519, or 33 of secp256k1.</param>
    /// <param name="purpose">The purpose that was asked for.</param>
    /// <param name="chain">The two signatures.</param>
    /// <param name="appId">20 bytes, from verified evidence.</param>
    /// <param name="kmsPublicKey">The service's key, 33 bytes: from its metadata, the chain's registry or the operator.</param>
    /// <param name="facts">The keys on the way.</param>
    /// <param name="refusal">What is wrong.</param>
    public static bool TryVerify(
        ReadOnlySpan<byte> publicKey,
        string purpose,
        IReadOnlyList<byte[]> chain,
        ReadOnlySpan<byte> appId,
        ReadOnlySpan<byte> kmsPublicKey,
        [NotNullWhen(true)] out KeySignatureChainFacts? facts,
        [NotNullWhen(false)] out Finding? refusal)
    {
        facts = null;
        if (!TryRecover(publicKey, purpose, chain, appId, out KeySignatureChainFacts? recovered, out refusal))
            return false;
        if (!recovered.KmsPublicKey.AsSpan().SequenceEqual(kmsPublicKey))
        {
            refusal = Refuse(
                "KEY_CHAIN_ROOT_MISMATCH",
                $"the chain leads to {Convert.ToHexStringLower(recovered.KmsPublicKey)}, not to the trusted key management service {Convert.ToHexStringLower(kmsPublicKey)}",
                "Compare purpose, public key and app id with what was asked for; another service has another key.");
            return false;
        }

        facts = recovered;
        return true;
    }

    /// <summary>
    /// Follows the chain without a trusted key: which keys it leads to. That proves nothing until the service's key is compared with
    /// one that is trusted.
    /// </summary>
    public static bool TryRecover(
        ReadOnlySpan<byte> publicKey,
        string purpose,
        IReadOnlyList<byte[]> chain,
        ReadOnlySpan<byte> appId,
        [NotNullWhen(true)] out KeySignatureChainFacts? facts,
        [NotNullWhen(false)] out Finding? refusal)
    {
        facts = null;
        refusal = null;
        if (publicKey.Length is not (Ed25519.PublicKeySize or Secp256k1.PublicKeySize) || appId.Length != AppIdSize)
            refusal = Refuse("KEY_CHAIN_FORMAT", "the public key has not 32 or 33 bytes, or the app id has not 20", "Give the key of the algorithm that was asked for, and the app id in binary.");
        else if (chain.Count != 2)
            refusal = Refuse("KEY_CHAIN_FORMAT", $"a signature chain has two signatures, not {chain.Count}", "Ask an agent whose keys come from a key management service.");
        else if (!Secp256k1.TryRecover(AppDigest(publicKey, purpose), chain[0], out byte[]? app))
            refusal = Refuse("KEY_CHAIN_FORMAT", "the app's signature is malformed", "Ask the agent for the key again.");
        else if (!Secp256k1.TryRecover(KmsDigest(appId, app), chain[1], out byte[]? kms))
            refusal = Refuse("KEY_CHAIN_FORMAT", "the key management service's signature is malformed", "Ask the agent for the key again.");
        else
            facts = new KeySignatureChainFacts(app, kms);
        return refusal is null;
    }

    /// <summary>What the app's key signs: Keccak-256 of <c>purpose:hex(public key)</c>.</summary>
    public static byte[] AppDigest(ReadOnlySpan<byte> publicKey, string purpose) =>
        Keccak.Hash256(Encoding.UTF8.GetBytes($"{purpose}:{Convert.ToHexStringLower(publicKey)}"));

    /// <summary>What the service's key signs: Keccak-256 of <c>dstack-kms-issued:</c>, the app id and the app's public key.</summary>
    public static byte[] KmsDigest(ReadOnlySpan<byte> appId, ReadOnlySpan<byte> appPublicKey) =>
        Keccak.Hash256([.. "dstack-kms-issued:"u8, .. appId, .. appPublicKey]);

    private static Finding Refuse(string code, string message, string remedy) => new(code, FindingSeverity.Error, message)
    {
        Subject = "signature chain",
        Actor = FindingActor.Sender,
        Remedy = remedy,
    };
}

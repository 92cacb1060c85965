using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Dstack.Simulator;

/// <summary>Sign and Verify: the app's key of the path <c>vms</c>, and anybody's.</summary>
internal static class SigningMethods
{
    public const string Path = "vms";

    public static AgentMessage Sign(SimulatedCvm machine, AgentMessage request)
    {
        string algorithm = Normal(request.Text("algorithm"));
        byte[] data = request.Bytes("data"), key = machine.Key(Path);
        byte[] signature = algorithm switch
        {
            "ed25519" => Ed25519.Sign(key, data),
            "secp256k1" => Secp256k1.Sign(key, SHA256.HashData(data)),
            "secp256k1_prehashed" when data.Length != 32 =>
                throw new AgentException($"Pre-hashed signing requires a 32-byte digest, but received {data.Length} bytes"),
            "secp256k1_prehashed" => Secp256k1.Sign(key, data),
            _ => throw new AgentException("Unsupported algorithm"),
        };
        byte[] publicKey = algorithm == "ed25519" ? Ed25519.PublicKey(key) : Secp256k1.PublicKey(key);
        byte[][] chain = [signature, .. machine.SignatureChain(KeySignatureChain.SigningPurpose, publicKey)];
        return new AgentMessage(("signature", signature), ("signature_chain", chain), ("public_key", publicKey));
    }

    public static AgentMessage Verify(SimulatedCvm machine, AgentMessage request)
    {
        byte[] data = request.Bytes("data"), signature = request.Bytes("signature"), publicKey = request.Bytes("public_key");
        bool valid = Normal(request.Text("algorithm")) switch
        {
            "ed25519" when publicKey.Length != Ed25519.PublicKeySize => throw new AgentException("invalid public key"),
            "ed25519" when signature.Length != 64 => throw new AgentException("signature error"),
            "ed25519" => Ed25519.Verify(publicKey, data, signature),
            "secp256k1" => VerifyDigest(publicKey, SHA256.HashData(data), signature),
            // The digest's size is not the signer's fault: another one is a signature of something else.
            "secp256k1_prehashed" => VerifyDigest(publicKey, data, signature),
            _ => throw new AgentException("Unsupported algorithm"),
        };
        return new AgentMessage(("valid", valid));
    }

    private static bool VerifyDigest(byte[] publicKey, byte[] digest, byte[] signature) =>
        Secp256k1.TryDecompress(publicKey, out _) && Secp256k1.IsSignature(signature)
            ? Secp256k1.Verify(publicKey, digest, signature)
            : throw new AgentException("signature error");

    private static string Normal(string algorithm) => algorithm == "k256" ? "secp256k1" : algorithm;
}

using System.Text.Json.Serialization;

namespace Witan.Dstack;

/// <summary>A signature by the app's key for the path <c>vms</c>.</summary>
/// <param name="Signature">64 bytes: Ed25519's, or r ‖ s.</param>
/// <param name="SignatureChain">In hexadecimal: the signature, then the chain of the signing key, as of GetKey with purpose <c>signing</c>.</param>
/// <param name="PublicKey">32 bytes of Ed25519, or 33 of secp256k1.</param>
public sealed record SignResponse(
    [property: JsonConverter(typeof(HexJsonConverter))] byte[] Signature,
    IReadOnlyList<string> SignatureChain,
    [property: JsonConverter(typeof(HexJsonConverter))] byte[] PublicKey);

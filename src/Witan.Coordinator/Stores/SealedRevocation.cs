using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Stores;

/// <summary>An order to trust something no more, as it is stored.</summary>
/// <param name="Order">The requester's signed order.</param>
/// <param name="Seal">The coordinator's Ed25519 signature, 64 bytes: the medium alone cannot revoke anybody.</param>
public sealed record SealedRevocation(Revocation Order, byte[] Seal)
{
    /// <summary>What it is about; one order stands for each.</summary>
    public string Subject => $"{Order.Kind}/{Order.Value}";

    /// <summary>Seals an order. <paramref name="signingSeed"/> is the coordinator's.</summary>
    public static SealedRevocation Create(Revocation order, ReadOnlySpan<byte> signingSeed) =>
        new(order, Ed25519.Sign(signingSeed, SealedBytes(order)));

    /// <summary>Whether the coordinator sealed it.</summary>
    public bool IsSealedBy(Digest coordinator) => Ed25519.Verify(coordinator.Bytes, SealedBytes(Order), Seal);

    private static byte[] SealedBytes(Revocation order) => new CanonicalWriter(DomainTags.RevocationSeal)
        .Text(order.Kind.ToString()).Text(order.Value).Text(order.Reason).Time(order.At).Bytes(order.Requester.Bytes).Bytes(order.Signature).ToBytes();
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>One voter's argument, sealed to the coordinator's attested key until the round ends. All have one size.</summary>
/// <param name="Agent">Id of the voter: that it spoke is public, what it said is not.</param>
/// <param name="Sealed">HPKE of <see cref="Argument.ToBytes"/>.</param>
/// <param name="Signature">The voter's Ed25519 signature, 64 bytes.</param>
public sealed record SealedArgument(Digest Agent, byte[] Sealed, byte[] Signature)
{
    /// <summary>Size of <see cref="Sealed"/>.</summary>
    public const int SealedSize = Argument.Size + Hpke.Overhead;

    /// <summary>Seals an argument in a record whose roster is frozen. <paramref name="coordinator"/> is its attested encryption key.</summary>
    public static SealedArgument Create(RecordState state, Digest agent, Argument argument, P256Point coordinator, ReadOnlySpan<byte> signingSeed)
    {
        byte[] plain = argument.ToBytes(), info = Info(state, agent);
        byte[] message = Hpke.Seal(coordinator, info, [], plain);
        CryptographicOperations.ZeroMemory(plain);
        return new SealedArgument(agent, message, Ed25519.Sign(signingSeed, SignedBytes(info, message)));
    }

    /// <summary>Opens it with the coordinator's secret. False where it is not of the one form.</summary>
    public bool TryOpen(RecordState state, P256Scalar secret, [NotNullWhen(true)] out Argument? argument)
    {
        argument = null;
        return Sealed.Length == SealedSize && Hpke.TryOpen(secret, Info(state, Agent), [], Sealed, out byte[]? plain) && Argument.TryRead(plain, out argument);
    }

    /// <summary>Whether the bytes are the same.</summary>
    public bool IsSame(SealedArgument other) =>
        Agent == other.Agent && Sealed.AsSpan().SequenceEqual(other.Sealed) && Signature.AsSpan().SequenceEqual(other.Signature);

    /// <summary>Whether the voter signed it for this record.</summary>
    internal bool IsSigned(RecordState state, RosterEntry voter) => Ed25519.Verify(voter.Keys.Signing.Bytes, SignedBytes(Info(state, Agent), Sealed), Signature);

    private static byte[] Info(RecordState state, Digest agent) => new CanonicalWriter(DomainTags.Argument)
        .Bytes(state.ProposalId.Bytes).Bytes(state.Configuration.Bytes).Bytes(state.RosterRoot.Bytes).Bytes(agent.Bytes).ToBytes();

    private static byte[] SignedBytes(byte[] info, byte[] message) => new CanonicalWriter(DomainTags.ArgumentSignature).Bytes(info).Bytes(message).ToBytes();
}

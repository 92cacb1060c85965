using System.Buffers.Binary;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// The word of a coordinator that never stopped, to one that has just started: this record is as long as I ever saw it. Signed over
/// the asker's fresh challenge, because the database that carries it is not believed.
/// </summary>
internal sealed record Vouch(Digest Proposal, long Size, Digest Head, byte[] Signature)
{
    /// <summary>Bytes of a challenge.</summary>
    public const int ChallengeSize = 32;

    private const int Length = 32 + 8 + 32 + Ed25519.SignatureSize;

    public static Vouch For(RecordState state, ReadOnlySpan<byte> challenge, ReadOnlySpan<byte> signingSeed)
    {
        var unsigned = new Vouch(state.ProposalId, state.Size, state.Head, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.Statement(challenge)) };
    }

    public bool IsGood(Digest coordinator, ReadOnlySpan<byte> challenge) => Ed25519.Verify(coordinator.Bytes, Statement(challenge), Signature);

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        Proposal.Bytes.CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(32), Size);
        Head.Bytes.CopyTo(bytes.AsSpan(40));
        Signature.CopyTo(bytes, 72);
        return bytes;
    }

    public static Vouch? Parse(byte[] bytes) => bytes.Length == Length
        ? new Vouch(new Digest(bytes.AsSpan(0, 32)), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(32)), new Digest(bytes.AsSpan(40, 32)), bytes[72..])
        : null;

    private byte[] Statement(ReadOnlySpan<byte> challenge) =>
        new CanonicalWriter(DomainTags.Vouch).Bytes(challenge).Bytes(Proposal.Bytes).Number(Size).Bytes(Head.Bytes).ToBytes();
}

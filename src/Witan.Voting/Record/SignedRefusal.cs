using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The coordinator's signed word that it did not take a ballot, and why. A worker that was refused wrongly can show it to
/// anyone.
/// </summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="Nullifier">The slot.</param>
/// <param name="Ballot">Hash of the ballot refused.</param>
/// <param name="Code">Why.</param>
/// <param name="At">When.</param>
/// <param name="Size">How many events the record had.</param>
/// <param name="Head">Hash of the last of them.</param>
/// <param name="Signature">The coordinator's Ed25519 signature, 64 bytes.</param>
public sealed record SignedRefusal(
    Digest Proposal, Digest Nullifier, Digest Ballot, RefusalCode Code, DateTimeOffset At, long Size, Digest Head, byte[] Signature)
{
    /// <summary>Signs a refusal.</summary>
    public static SignedRefusal Of(RecordState state, Ballot ballot, RefusalCode code, DateTimeOffset now, ReadOnlySpan<byte> signingSeed)
    {
        DateTimeOffset exact = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var unsigned = new SignedRefusal(state.ProposalId, ballot.Nullifier, ballot.Hash(), code, exact, state.Size, state.Head, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes()) };
    }

    /// <summary>Whether the coordinator signed it.</summary>
    public bool IsSignedBy(Digest coordinator) => Ed25519.Verify(coordinator.Bytes, SignedBytes(), Signature);

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Refusal)
        .Bytes(Proposal.Bytes).Bytes(Nullifier.Bytes).Bytes(Ballot.Bytes).Text(Code.ToString()).Time(At)
        .Number(Size).Bytes(Head.Bytes).ToBytes();
}

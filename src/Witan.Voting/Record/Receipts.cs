using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The coordinator's word that a ballot stands in the record at a position. It proves presence, not choice: none of its bytes
/// depends on the vote but through the ballot's hash.
/// </summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="Nullifier">The slot.</param>
/// <param name="Ballot">Hash of the ballot.</param>
/// <param name="Sequence">Position of the event.</param>
/// <param name="Head">Hash of that event.</param>
/// <param name="At">When it was appended.</param>
/// <param name="Signature">The coordinator's Ed25519 signature, 64 bytes.</param>
public sealed record Receipt(
    Digest Proposal, Digest Nullifier, Digest Ballot, long Sequence, Digest Head, DateTimeOffset At, byte[] Signature)
{
    /// <summary>Signs the receipt for the event that took the ballot.</summary>
    public static Receipt For(Digest proposal, RecordEvent taken, Ballot ballot, ReadOnlySpan<byte> signingSeed) =>
        For(proposal, new BallotPosition(taken.Sequence, taken.Hash, taken.At), ballot, signingSeed);

    /// <summary>Signs the receipt of a ballot that the record holds already: the same bytes as the first time.</summary>
    public static Receipt For(Digest proposal, BallotPosition position, Ballot ballot, ReadOnlySpan<byte> signingSeed)
    {
        using var signer = new Ed25519Signer(signingSeed);
        return For(proposal, position, ballot, signer);
    }

    /// <summary>The same, with a key that signs many.</summary>
    public static Receipt For(Digest proposal, BallotPosition position, Ballot ballot, Ed25519Signer signer)
    {
        var unsigned = new Receipt(proposal, ballot.Nullifier, ballot.Hash(), position.Sequence, position.Head, position.At, []);
        return unsigned with { Signature = signer.Sign(unsigned.SignedBytes()) };
    }

    /// <summary>Whether the coordinator signed it.</summary>
    public bool IsSignedBy(Digest coordinator) => Ed25519.Verify(coordinator.Bytes, SignedBytes(), Signature);

    /// <summary>Whether a record holds the ballot at the position. If not, the receipt is the complaint: anyone can verify it.</summary>
    public bool IsIn(IReadOnlyList<RecordEvent> events) => Sequence >= 0 && Sequence < events.Count && IsOf(events[(int)Sequence]);

    /// <summary>Whether it is for the ballot that this event took.</summary>
    public bool IsOf(RecordEvent taken) => taken.Sequence == Sequence && taken.Hash == Head && taken.Payload is BallotCast cast && cast.Ballot.Hash() == Ballot;

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Receipt)
        .Bytes(Proposal.Bytes).Bytes(Nullifier.Bytes).Bytes(Ballot.Bytes).Number(Sequence).Bytes(Head.Bytes).Time(At).ToBytes();
}

/// <summary>
/// The coordinator's word on how far a record has come. Workers and trustees keep the newest they saw: a coordinator whose
/// record is shorter, or different at that position, was rolled back or lies.
/// </summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="Size">How many events.</param>
/// <param name="Head">Hash of the last.</param>
/// <param name="Signature">The coordinator's Ed25519 signature, 64 bytes.</param>
public sealed record Checkpoint(Digest Proposal, long Size, Digest Head, byte[] Signature)
{
    /// <summary>Signs a checkpoint of a state.</summary>
    public static Checkpoint Of(RecordState state, ReadOnlySpan<byte> signingSeed)
    {
        using var signer = new Ed25519Signer(signingSeed);
        return Of(state, signer);
    }

    /// <summary>The same, with a key that signs many.</summary>
    public static Checkpoint Of(RecordState state, Ed25519Signer signer)
    {
        var unsigned = new Checkpoint(state.ProposalId, state.Size, state.Head, []);
        return unsigned with { Signature = signer.Sign(unsigned.SignedBytes()) };
    }

    /// <summary>Whether the coordinator signed it.</summary>
    public bool IsSignedBy(Digest coordinator) => Ed25519.Verify(coordinator.Bytes, SignedBytes(), Signature);

    /// <summary>Whether a record contains what the checkpoint says.</summary>
    public bool IsIn(IReadOnlyList<RecordEvent> events) => Size >= 1 && Size <= events.Count && events[(int)Size - 1].Hash == Head;

    private byte[] SignedBytes() =>
        new CanonicalWriter(DomainTags.Checkpoint).Bytes(Proposal.Bytes).Number(Size).Bytes(Head.Bytes).ToBytes();
}

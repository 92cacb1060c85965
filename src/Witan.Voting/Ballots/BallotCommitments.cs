using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The commitments of a ballot's proofs, which a verifier can compute from the proofs. Sent beside the ballot they let many
/// ballots be checked together; they are a hint, no part of the ballot, and wrong ones cost time and decide nothing.
/// </summary>
/// <param name="Points">33 bytes each: a0, b0, a1, b1 of each option in order, then a, b of the sum. May be empty.</param>
public sealed record BallotCommitments(byte[] Points)
{
    /// <summary>No hint.</summary>
    public static BallotCommitments None { get; } = new([]);

    internal bool Fit(int options) => Points.Length == ((4 * options) + 2) * P256Point.Size;

    internal ReadOnlySpan<byte> Option(int option) => Points.AsSpan(option * 4 * P256Point.Size, 4 * P256Point.Size);

    internal ReadOnlySpan<byte> Sum => Points.AsSpan(Points.Length - (2 * P256Point.Size));
}

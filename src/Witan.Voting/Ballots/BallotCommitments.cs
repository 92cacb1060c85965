using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The commitments of a ballot's proofs, which a verifier can compute from the proofs. Sent beside the ballot they let many
/// ballots be checked together; they are a hint, no part of the ballot, and wrong ones cost time and decide nothing.
/// </summary>
/// <param name="Points">
/// Both coordinates of each point, 64 bytes: a0, b0, a1, b1 of each option in order, then a, b of the sum. May be empty.
/// </param>
public sealed record BallotCommitments(byte[] Points)
{
    private const int PointSize = P256PublicPoint.CoordinatesSize;

    /// <summary>No hint.</summary>
    public static BallotCommitments None { get; } = new([]);

    internal static BallotCommitments Of(IReadOnlyList<P256PublicPoint> points)
    {
        byte[] bytes = new byte[points.Count * PointSize];
        for (int i = 0; i < points.Count; i++)
            points[i].WriteCoordinatesTo(bytes.AsSpan(i * PointSize));
        return new BallotCommitments(bytes);
    }

    internal bool Fit(int options) => Points.Length == ((4 * options) + 2) * PointSize;

    internal ReadOnlySpan<byte> Option(int option) => Points.AsSpan(option * 4 * PointSize, 4 * PointSize);

    internal ReadOnlySpan<byte> Sum => Points.AsSpan(Points.Length - (2 * PointSize));
}

using Witan.Crypto;

namespace Witan.Voting;

/// <summary>The challenges of a ballot's proofs, and what their commitments must be. Shared by prover and verifier.</summary>
internal static class BallotProofs
{
    /// <summary>
    /// Context, slot and all ciphertexts: the beginning of every challenge of one ballot, hashed once and then extended by
    /// option and commitments.
    /// </summary>
    internal static Digest Statement(BallotContext context, Digest nullifier, IReadOnlyList<(P256Point A, P256Point B)> ciphertexts) =>
        context.Begin(DomainTags.BallotStatement).Bytes(nullifier.Bytes)
            .List(ciphertexts, (writer, pair) => writer.Point(pair.A).Point(pair.B))
            .Hash();

    internal static P256Scalar OptionChallenge(Digest statement, int option, P256Point a0, P256Point b0, P256Point a1, P256Point b1) =>
        new CanonicalWriter(DomainTags.OptionProof).Bytes(statement.Bytes).Number(option)
            .Point(a0).Point(b0).Point(a1).Point(b1).Challenge();

    internal static P256Scalar SumChallenge(Digest statement, P256Point a, P256Point b) =>
        new CanonicalWriter(DomainTags.SumProof).Bytes(statement.Bytes).Text("sum").Point(a).Point(b).Challenge();

    /// <summary>The same challenge from the encoded commitments: four points of 64 bytes.</summary>
    internal static P256Scalar OptionChallenge(Digest statement, int option, ReadOnlySpan<byte> points) =>
        Append(new CanonicalWriter(DomainTags.OptionProof).Bytes(statement.Bytes).Number(option), points).Challenge();

    /// <summary>The same challenge from the encoded commitments: two points of 64 bytes.</summary>
    internal static P256Scalar SumChallenge(Digest statement, ReadOnlySpan<byte> points) =>
        Append(new CanonicalWriter(DomainTags.SumProof).Bytes(statement.Bytes).Text("sum"), points).Challenge();

    // Hashed is the compressed form: the parity of y, and x.
    private static CanonicalWriter Append(CanonicalWriter writer, ReadOnlySpan<byte> points)
    {
        Span<byte> compressed = stackalloc byte[P256Point.Size];
        for (; points.Length > 0; points = points[P256PublicPoint.CoordinatesSize..])
        {
            compressed[0] = (byte)(2 | (points[P256PublicPoint.CoordinatesSize - 1] & 1));
            points[..32].CopyTo(compressed[1..]);
            writer.Bytes(compressed);
        }

        return writer;
    }
}

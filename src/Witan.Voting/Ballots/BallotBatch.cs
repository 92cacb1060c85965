using System.Numerics;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>A ballot to be checked together with others.</summary>
/// <param name="Voter">Its voter.</param>
/// <param name="Ballot">The ballot.</param>
/// <param name="Commitments">The hint that came with it.</param>
public sealed record BatchedBallot(RosterEntry Voter, Ballot Ballot, BallotCommitments Commitments);

/// <summary>
/// Checks many ballots of one proposal together, by a random linear combination of all equations of all proofs: it vanishes
/// where each of them holds, and with probability below 2^-120 where one does not. Says exactly what
/// <see cref="BallotVerifier.Check"/> says of each ballot.
/// </summary>
public static class BallotBatch
{
    private static readonly BigInteger Order = new(P256Scalar.Order, isUnsigned: true, isBigEndian: true);

    /// <summary>
    /// What is wrong with each ballot, null where nothing is, in the order given. <paramref name="random"/> must be unpredictable
    /// to those who made the ballots. A batch of 64 to 1,000 pays best.
    /// </summary>
    public static IReadOnlyList<Refusal?> Check(BallotContext context, IReadOnlyList<BatchedBallot> ballots, ByteSource random)
    {
        var refusals = new Refusal?[ballots.Count];
        var together = new List<(int Index, Equations Equations)>();
        for (int i = 0; i < ballots.Count; i++)
        {
            BatchedBallot next = ballots[i];
            refusals[i] = BallotVerifier.CheckFrame(context, next.Voter, next.Ballot);
            if (refusals[i] is not null)
                continue;
            if (ballots.Count > 1 && Equations.Of(context, next, random) is { } equations)
                together.Add((i, equations));
            else
                refusals[i] = BallotVerifier.CheckProofs(context, next.Ballot);
        }

        Halve(context, ballots, together, refusals);
        return refusals;
    }

    // Where the sum does not vanish, the halves are tried; a single ballot is checked by its own proofs, which is as fast without the hint.
    private static void Halve(
        BallotContext context, IReadOnlyList<BatchedBallot> ballots, List<(int Index, Equations Equations)> together, Refusal?[] refusals)
    {
        if (together.Count == 0 || (together.Count > 1 && Vanishes(context, together)))
            return;
        if (together.Count == 1)
        {
            refusals[together[0].Index] = BallotVerifier.CheckProofs(context, ballots[together[0].Index].Ballot);
            return;
        }

        int half = together.Count / 2;
        Halve(context, ballots, together[..half], refusals);
        Halve(context, ballots, together[half..], refusals);
    }

    private static bool Vanishes(BallotContext context, List<(int Index, Equations Equations)> together)
    {
        int count = together.Sum(next => next.Equations.Points.Count) + 2;
        var points = new P256PublicPoint[count];
        byte[] scalars = new byte[count * P256Scalar.Size];
        BigInteger g = BigInteger.Zero, k = BigInteger.Zero;
        int at = 0;
        foreach ((_, Equations equations) in together)
        {
            g += equations.G;
            k += equations.K;
            for (int i = 0; i < equations.Points.Count; i++, at++)
            {
                points[at] = equations.Points[i];
                Write(equations.Scalars[i], scalars.AsSpan(at * P256Scalar.Size, P256Scalar.Size));
            }
        }

        (points[at], points[at + 1]) = (P256PublicPoint.From(P256Point.Generator), P256PublicPoint.From(context.ElectionKey));
        Write(Modulo(g), scalars.AsSpan(at * P256Scalar.Size, P256Scalar.Size));
        Write(Modulo(k), scalars.AsSpan((at + 1) * P256Scalar.Size, P256Scalar.Size));
        return P256PublicSum.Multiply(points, scalars) is null;
    }

    private static BigInteger Modulo(BigInteger value)
    {
        BigInteger rest = BigInteger.Remainder(value, Order);
        return rest.Sign < 0 ? rest + Order : rest;
    }

    private static void Write(BigInteger value, Span<byte> to)
    {
        int length = value.GetByteCount(isUnsigned: true);
        value.TryWriteBytes(to[(to.Length - length)..], out _, isUnsigned: true, isBigEndian: true);
    }

    /// <summary>
    /// The equations of one ballot, each times a random number of 128 bits: a - z·G + c·A = 0 and b - z·K + c·D = 0 for each
    /// branch of each option and for the sum, as coefficients of the points in them.
    /// </summary>
    private sealed class Equations
    {
        public List<P256PublicPoint> Points { get; } = [];

        public List<BigInteger> Scalars { get; } = [];

        public BigInteger G { get; private set; }

        public BigInteger K { get; private set; }

        // Null where there is no fitting hint, or the challenges are not those of the hinted commitments.
        public static Equations? Of(BallotContext context, BatchedBallot next, ByteSource random)
        {
            (Ballot ballot, BallotCommitments hint) = (next.Ballot, next.Commitments);
            if (!hint.Fit(context.Options))
                return null;
            Digest statement = BallotProofs.Statement(context, ballot.Nullifier, [.. ballot.Options.Select(option => (option.A, option.B))]);
            if (!ballot.SumChallenge.Equals(BallotProofs.SumChallenge(statement, hint.Sum)))
                return null;
            var result = new Equations();
            if (result.Commit(hint.Sum, random) is not { } sum)
                return null;
            BigInteger challenge = Number(ballot.SumChallenge), response = Number(ballot.SumResponse);
            (BigInteger sumOfA, BigInteger sumOfB) = (sum[0] * challenge, sum[1] * challenge);
            result.G -= (sum[0] * response) + sumOfB;
            result.K -= sum[1] * response;
            for (int i = 0; i < ballot.Options.Count; i++)
            {
                OptionCiphertext option = ballot.Options[i];
                if (!(option.Challenge0 + option.Challenge1).Equals(BallotProofs.OptionChallenge(statement, i, hint.Option(i)))
                    || result.Commit(hint.Option(i), random) is not { } times)
                {
                    return null;
                }

                BigInteger c0 = Number(option.Challenge0), c1 = Number(option.Challenge1);
                BigInteger z0 = Number(option.Response0), z1 = Number(option.Response1);
                result.Add(P256PublicPoint.From(option.A), sumOfA + (times[0] * c0) + (times[2] * c1));
                result.Add(P256PublicPoint.From(option.B), sumOfB + (times[1] * c0) + (times[3] * c1));
                result.G -= (times[0] * z0) + (times[2] * z1) + (times[3] * c1);
                result.K -= (times[1] * z0) + (times[3] * z1);
            }

            return result;
        }

        // Adds commitments, each times its random number; null where one is no point.
        private BigInteger[]? Commit(ReadOnlySpan<byte> encoded, ByteSource random)
        {
            var times = new BigInteger[encoded.Length / P256PublicPoint.CoordinatesSize];
            Span<byte> bytes = stackalloc byte[16];
            for (int i = 0; i < times.Length; i++)
            {
                ReadOnlySpan<byte> coordinates = encoded.Slice(i * P256PublicPoint.CoordinatesSize, P256PublicPoint.CoordinatesSize);
                if (!P256PublicPoint.TryDecodeCoordinates(coordinates, out P256PublicPoint point))
                    return null;
                random(bytes);
                times[i] = new BigInteger(bytes, isUnsigned: true);
                Points.Add(point);
                Scalars.Add(times[i]);
            }

            return times;
        }

        private void Add(P256PublicPoint point, BigInteger scalar)
        {
            Points.Add(point);
            Scalars.Add(BigInteger.Remainder(scalar, Order));
        }

        private static BigInteger Number(P256Scalar scalar)
        {
            Span<byte> bytes = stackalloc byte[P256Scalar.Size];
            scalar.WriteTo(bytes);
            return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        }
    }
}

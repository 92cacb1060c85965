using Witan.Crypto;

namespace Witan.Voting;

/// <summary>The sum of all counted ballots for one option, still encrypted.</summary>
/// <param name="A">Σ w·A.</param>
/// <param name="B">Σ w·B.</param>
public sealed record EncryptedSum(P256Point A, P256Point B)
{
    /// <summary>
    /// Whether neither part is the identity. Only voters who all work together can make such a sum; it has no byte form, and is
    /// never opened.
    /// </summary>
    public bool IsProper => !A.IsIdentity && !B.IsIdentity;
}

/// <summary>One trustee's part of the decryption of one option, with its proof that it used its share.</summary>
/// <param name="D">x_j·A.</param>
/// <param name="Challenge">Challenge of the Chaum-Pedersen proof.</param>
/// <param name="Response">Its response.</param>
public sealed record DecryptionPart(P256Point D, P256Scalar Challenge, P256Scalar Response);

/// <summary>One trustee's decryption of all options, bound to the closed record.</summary>
/// <param name="Index">Whose.</param>
/// <param name="ClosedHead">Hash of the event that closed the record: what the trustee itself replayed.</param>
/// <param name="Parts">One for each option.</param>
/// <param name="Signature">The trustee's Ed25519 signature, 64 bytes.</param>
public sealed record PartialDecryption(int Index, Digest ClosedHead, IReadOnlyList<DecryptionPart> Parts, byte[] Signature)
{
    internal byte[] SignedBytes(BallotContext context) => context.Begin(DomainTags.PartialDecryption)
        .Number(Index).Bytes(ClosedHead.Bytes)
        .List(Parts, (writer, part) => writer.Point(part.D).Scalar(part.Challenge).Scalar(part.Response)).ToBytes();
}

/// <summary>Summing, partial decryption, combination.</summary>
public static class Decryption
{
    /// <summary>Sums ballots by option with public weights. At least one ballot.</summary>
    public static IReadOnlyList<EncryptedSum> Sum(int options, IReadOnlyCollection<(Ballot Ballot, int Weight)> counted)
    {
        ArgumentOutOfRangeException.ThrowIfZero(counted.Count, nameof(counted));
        return [.. Enumerable.Range(0, options).Select(option => new EncryptedSum(
            Sum(counted, ballot => ballot.Options[option].A), Sum(counted, ballot => ballot.Options[option].B)))];
    }

    /// <summary>Identity of encrypted sums: what a trustee is asked to open, and remembers to have opened.</summary>
    public static Digest Hash(IReadOnlyList<EncryptedSum> sums) => new CanonicalWriter(DomainTags.Sums)
        .List(sums, (writer, sum) => writer.Point(sum.A).Point(sum.B)).Hash();

    /// <summary>A trustee's part. <paramref name="share"/> is x_j, the sum of the shares it holds.</summary>
    public static PartialDecryption Decrypt(
        BallotContext context,
        IReadOnlyList<EncryptedSum> sums,
        int index,
        P256Scalar share,
        Digest closedHead,
        ReadOnlySpan<byte> signingSeed,
        ScalarSource random)
    {
        P256Point key = P256Point.MultiplyBase(share);
        var parts = new List<DecryptionPart>();
        for (int option = 0; option < sums.Count; option++)
        {
            using P256Scalar w = random();
            P256Point a = sums[option].A;
            P256Point d = a.Multiply(share);
            P256Scalar challenge = Challenge(context, index, key, option, a, d, P256Point.MultiplyBase(w), a.Multiply(w));
            using P256Scalar answer = challenge * share;
            parts.Add(new DecryptionPart(d, challenge, w + answer));
        }

        var unsigned = new PartialDecryption(index, closedHead, parts, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(context)) };
    }

    /// <summary>Checks a part against the trustee's verification key.</summary>
    public static Refusal? Check(
        BallotContext context, IReadOnlyList<EncryptedSum> sums, Trustee trustee, P256Point verificationKey, PartialDecryption partial)
    {
        if (partial.Index != trustee.Index || partial.Parts.Count != sums.Count)
            return new Refusal(RefusalCode.WrongContext, "the partial decryption is not for these sums");
        if (!sums.All(sum => sum.IsProper))
            return new Refusal(RefusalCode.ProofInvalid, "a sum is the identity and cannot be opened");
        if (!Ed25519.Verify(trustee.Keys.Signing.Bytes, partial.SignedBytes(context), partial.Signature))
            return new Refusal(RefusalCode.SignatureInvalid, "the signature is not this trustee's");
        for (int option = 0; option < sums.Count; option++)
        {
            DecryptionPart part = partial.Parts[option];
            P256Scalar minus = P256Scalar.Zero - part.Challenge;
            P256Point a = P256Point.MultiplyPublic(part.Response, [verificationKey], [minus]);
            P256Point b = P256Point.MultiplyPublic(null, [sums[option].A, part.D], [part.Response, minus]);
            if (a.IsIdentity || b.IsIdentity
                || !part.Challenge.Equals(Challenge(context, partial.Index, verificationKey, option, sums[option].A, part.D, a, b)))
            {
                return new Refusal(RefusalCode.ProofInvalid, $"trustee {partial.Index} does not prove its decryption of option {option}");
            }
        }

        return null;
    }

    /// <summary>
    /// The counts, from any t checked parts. Null where a count is not within <paramref name="bound"/>: then the proof system was
    /// broken or the code is wrong, and nothing may be announced.
    /// </summary>
    public static IReadOnlyList<long>? Combine(IReadOnlyList<EncryptedSum> sums, IReadOnlyList<PartialDecryption> partials, long bound)
    {
        P256Scalar[] factors = [.. partials.Select(partial => Lagrange(partial.Index, partials))];
        var counts = new List<long>();
        for (int option = 0; option < sums.Count; option++)
        {
            P256Point[] parts = [.. partials.Select(partial => partial.Parts[option].D)];
            P256Point message = sums[option].B - P256Point.MultiplyPublic(null, parts, factors);
            if (DiscreteLogarithm(message, bound) is not { } count)
                return null;
            counts.Add(count);
        }

        return counts;
    }

    private static P256Point Sum(IReadOnlyCollection<(Ballot Ballot, int Weight)> counted, Func<Ballot, P256Point> take)
    {
        P256Point sum = P256Point.Identity;
        foreach ((Ballot ballot, int weight) in counted)
        {
            P256Point point = take(ballot);
            sum += weight == 1 ? point : P256Point.MultiplyPublic(null, [point], [P256Scalar.FromInt64(weight)]);
        }

        return sum;
    }

    private static P256Scalar Lagrange(int index, IReadOnlyList<PartialDecryption> all)
    {
        P256Scalar numerator = P256Scalar.One, denominator = P256Scalar.One;
        P256Scalar x = P256Scalar.FromInt64(index);
        foreach (PartialDecryption other in all.Where(other => other.Index != index))
        {
            P256Scalar at = P256Scalar.FromInt64(other.Index);
            numerator *= at;
            denominator *= at - x;
        }

        return numerator * denominator.Invert();
    }

    // Baby steps and giant steps: the square root of the bound in time and memory.
    private static long? DiscreteLogarithm(P256Point point, long bound)
    {
        long step = (long)Math.Ceiling(Math.Sqrt(bound + 1.0));
        var table = new Dictionary<P256Point, long>();
        P256Point at = P256Point.Identity;
        for (long i = 0; i < step; i++)
        {
            table[at] = i;
            at += P256Point.Generator;
        }

        P256Point giant = -at;
        P256Point current = point;
        for (long i = 0; i <= step; i++)
        {
            if (table.TryGetValue(current, out long low))
                return (i * step) + low <= bound ? (i * step) + low : null;
            current += giant;
        }

        return null;
    }

    private static P256Scalar Challenge(
        BallotContext context, int index, P256Point key, int option, P256Point sum, P256Point d, P256Point a, P256Point b) =>
        context.Begin(DomainTags.DecryptionProof).Number(index).Point(key).Number(option).Point(sum).Point(d).Point(a).Point(b).Challenge();
}

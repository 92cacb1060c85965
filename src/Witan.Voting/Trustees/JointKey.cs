using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The public arithmetic of a joint key (Feldman, no dealer): what anyone can check and compute from the published
/// contributions.
/// </summary>
public static class JointKey
{
    /// <summary>Checks a contribution: count of coefficients, no identity, proof of possession, signature, and the hash published before.</summary>
    public static Refusal? Check(KeyGenerationContext context, ContributionCommitment commitment, KeyContribution contribution)
    {
        if (context.Find(contribution.Index) is not { } trustee || commitment.Index != contribution.Index)
            return new Refusal(RefusalCode.WrongContext, $"there is no trustee {contribution.Index}");
        if (contribution.Coefficients.Count != context.Threshold)
            return new Refusal(RefusalCode.ProofInvalid, $"{contribution.Coefficients.Count} coefficients instead of {context.Threshold}");
        if (contribution.Hash(context) != commitment.Hash)
            return new Refusal(RefusalCode.Contradiction, "the contribution is not the one committed to");
        if (!Ed25519.Verify(trustee.Keys.Signing.Bytes, contribution.SignedBytes(context), contribution.Signature))
            return new Refusal(RefusalCode.SignatureInvalid, "the signature is not this trustee's");
        P256Point commitmentPoint = P256Point.MultiplyPublic(
            contribution.PossessionResponse, [contribution.Coefficients[0]], [P256Scalar.Zero - contribution.PossessionChallenge]);
        return !commitmentPoint.IsIdentity
            && contribution.PossessionChallenge.Equals(
                PossessionChallenge(context, contribution.Index, contribution.Coefficients, commitmentPoint))
            ? null
            : new Refusal(RefusalCode.ProofInvalid, "the trustee does not prove that it knows its secret");
    }

    /// <summary>Checks the signature on a commitment.</summary>
    public static bool IsSigned(KeyGenerationContext context, ContributionCommitment commitment) =>
        context.Find(commitment.Index) is { } trustee
        && Ed25519.Verify(trustee.Keys.Signing.Bytes, CommitmentBytes(context, commitment.Index, commitment.Hash), commitment.Signature);

    /// <summary>Whether a share lies on the sender's published polynomial: s·G = Σ j^k·F_k.</summary>
    public static bool IsShare(KeyContribution from, int to, P256Scalar share) =>
        P256Point.MultiplyBase(share).Equals(Evaluate([from], to));

    /// <summary>K = Σ F_0 over the qualified. Null where that is the identity.</summary>
    public static P256Point? Combine(IReadOnlyCollection<KeyContribution> qualified)
    {
        P256Point key = qualified.Select(contribution => contribution.Coefficients[0]).Aggregate((sum, next) => sum + next);
        return key.IsIdentity ? null : key;
    }

    /// <summary>Y_j = Σ_i Σ_k j^k·F_(i,k): what trustee j's partial decryptions are checked with.</summary>
    public static P256Point VerificationKey(IReadOnlyCollection<KeyContribution> qualified, int index) => Evaluate(qualified, index);

    internal static byte[] CommitmentBytes(KeyGenerationContext context, int index, Digest hash) =>
        context.Begin(DomainTags.KeyGeneration).Number(index).Bytes(hash.Bytes).ToBytes();

    internal static P256Scalar PossessionChallenge(
        KeyGenerationContext context, int index, IReadOnlyList<P256Point> coefficients, P256Point commitment) =>
        context.Begin(DomainTags.PossessionProof).Number(index)
            .List(coefficients, (writer, point) => writer.Point(point)).Point(commitment).Challenge();

    private static P256Point Evaluate(IReadOnlyCollection<KeyContribution> contributions, int at)
    {
        P256Scalar x = P256Scalar.FromInt64(at);
        var points = new List<P256Point>();
        var scalars = new List<P256Scalar>();
        foreach (KeyContribution contribution in contributions)
        {
            P256Scalar power = P256Scalar.One;
            foreach (P256Point coefficient in contribution.Coefficients)
            {
                points.Add(coefficient);
                scalars.Add(power);
                power *= x;
            }
        }

        return P256Point.MultiplyPublic(null, [.. points], [.. scalars]);
    }
}

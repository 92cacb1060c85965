using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// Encrypts and proves one vote. What it does, and in which order, does not depend on the choice: both branches of every
/// proof are computed, and the right one is selected without a jump.
/// </summary>
public static class BallotBuilder
{
    /// <summary>
    /// Builds the ballot of one agent. <paramref name="choice"/> is an index into the options; <paramref name="signingSeed"/> the
    /// agent's Ed25519 seed; <paramref name="deliberation"/> the hash of its sealed reasons.
    /// </summary>
    public static Ballot Create(
        BallotContext context, AgentKeys agent, ReadOnlySpan<byte> signingSeed, int choice, Digest deliberation, ScalarSource random) =>
        Create(context, agent, signingSeed, choice, deliberation, random, out _);

    /// <summary>The same, with the commitments that let a coordinator verify many ballots together.</summary>
    public static Ballot Create(
        BallotContext context,
        AgentKeys agent,
        ReadOnlySpan<byte> signingSeed,
        int choice,
        Digest deliberation,
        ScalarSource random,
        out BallotCommitments commitments)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)choice, (uint)context.Options, nameof(choice));
        Digest nullifier = Roster.Nullifier(context.Proposal, context.Configuration, agent.AgentId);
        int count = context.Options;
        var secrets = new P256Scalar[count];
        var pairs = new (P256Point A, P256Point B)[count];
        P256Scalar total = P256Scalar.Zero;
        for (int option = 0; option < count; option++)
        {
            secrets[option] = random();
            pairs[option] = Encrypt(context.ElectionKey, secrets[option], IsEqual(option, choice));
            P256Scalar sum = total + secrets[option];
            total.Dispose();
            total = sum;
        }

        Digest statement = BallotProofs.Statement(context, nullifier, pairs);
        var options = new OptionCiphertext[count];
        var points = new List<P256PublicPoint>();
        for (int option = 0; option < count; option++)
        {
            options[option] = Prove(
                context.ElectionKey, statement, option, pairs[option], secrets[option], IsEqual(option, choice), random, points);
            secrets[option].Dispose();
        }

        (P256Scalar sumChallenge, P256Scalar sumResponse) = ProveSum(context.ElectionKey, statement, total, random, points);
        total.Dispose();
        commitments = BallotCommitments.Of(points);
        var unsigned = new Ballot(agent.AgentId, nullifier, options, sumChallenge, sumResponse, deliberation, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(context)) };
    }

    // 1 where equal, 0 elsewhere, by arithmetic.
    private static int IsEqual(int a, int b)
    {
        uint difference = unchecked((uint)(a ^ b));
        return unchecked((int)(1 ^ ((difference | (0u - difference)) >> 31)));
    }

    // An index instead of a jump.
    private static P256Point Pick(int value, P256Point zero, P256Point one) => new[] { zero, one }[value];

    private static (P256Point A, P256Point B) Encrypt(P256Point key, P256Scalar secret, int value)
    {
        P256Point zero = key.Multiply(secret);
        P256Point one = zero + P256Point.Generator;
        return (P256Point.MultiplyBase(secret), Pick(value, zero, one));
    }

    // The simulated branch is the other value. Since the prover knows the ciphertext's secret r, its commitments
    // z·G - c·A and z·K - c·(B - s·G), with s = 1 - v, are u·G and u·K - c·(v - s)·G for u = z - c·r: one secret scalar
    // each, on the constant-time path.
    private static OptionCiphertext Prove(
        P256Point key,
        Digest statement,
        int option,
        (P256Point A, P256Point B) pair,
        P256Scalar secret,
        int value,
        ScalarSource random,
        List<P256PublicPoint> commitments)
    {
        using P256Scalar w = random();
        using P256Scalar u = random();
        P256Scalar simulatedChallenge = random();
        using P256Scalar product = simulatedChallenge * secret;
        P256Scalar simulatedResponse = u + product;
        P256Point trueA = P256Point.MultiplyBase(w);
        P256Point trueB = key.Multiply(w);
        P256Point shift = P256Point.MultiplyBase(simulatedChallenge);
        P256Point falseA = P256Point.MultiplyBase(u);
        P256Point falseB = key.Multiply(u) + Pick(value, shift, -shift);
        (P256Point a0, P256Point a1) = (Pick(value, trueA, falseA), Pick(value, falseA, trueA));
        (P256Point b0, P256Point b1) = (Pick(value, trueB, falseB), Pick(value, falseB, trueB));
        commitments.AddRange([P256PublicPoint.From(a0), P256PublicPoint.From(b0), P256PublicPoint.From(a1), P256PublicPoint.From(b1)]);
        P256Scalar trueChallenge = BallotProofs.OptionChallenge(statement, option, a0, b0, a1, b1) - simulatedChallenge;
        using P256Scalar answer = trueChallenge * secret;
        P256Scalar trueResponse = w + answer;
        return new OptionCiphertext(
            pair.A,
            pair.B,
            P256Scalar.Select(value, trueChallenge, simulatedChallenge),
            P256Scalar.Select(value, simulatedChallenge, trueChallenge),
            P256Scalar.Select(value, trueResponse, simulatedResponse),
            P256Scalar.Select(value, simulatedResponse, trueResponse));
    }

    private static (P256Scalar Challenge, P256Scalar Response) ProveSum(
        P256Point key, Digest statement, P256Scalar total, ScalarSource random, List<P256PublicPoint> commitments)
    {
        using P256Scalar w = random();
        (P256Point a, P256Point b) = (P256Point.MultiplyBase(w), key.Multiply(w));
        commitments.AddRange([P256PublicPoint.From(a), P256PublicPoint.From(b)]);
        P256Scalar challenge = BallotProofs.SumChallenge(statement, a, b);
        using P256Scalar answer = challenge * total;
        return (challenge, w + answer);
    }
}

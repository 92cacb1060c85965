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
        BallotContext context, AgentKeys agent, ReadOnlySpan<byte> signingSeed, int choice, Digest deliberation, ScalarSource random)
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
            total += secrets[option];
        }

        Digest statement = BallotProofs.Statement(context, nullifier, pairs);
        var options = new OptionCiphertext[count];
        for (int option = 0; option < count; option++)
        {
            options[option] = Prove(context.ElectionKey, statement, option, pairs[option], secrets[option], IsEqual(option, choice), random);
            secrets[option].Dispose();
        }

        (P256Scalar sumChallenge, P256Scalar sumResponse) = ProveSum(context.ElectionKey, statement, total, random);
        total.Dispose();
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

    private static OptionCiphertext Prove(
        P256Point key, Digest statement, int option, (P256Point A, P256Point B) pair, P256Scalar secret, int value, ScalarSource random)
    {
        using P256Scalar w = random();
        P256Scalar simulatedChallenge = random();
        P256Scalar simulatedResponse = random();
        P256Point trueA = P256Point.MultiplyBase(w);
        P256Point trueB = key.Multiply(w);
        // The simulated branch is the other value: D = B - s·G with s = 1 - v.
        P256Point withoutOne = pair.B - P256Point.Generator;
        P256Point shifted = Pick(value, withoutOne, pair.B);
        P256Point falseA = P256Point.MultiplyBase(simulatedResponse) - pair.A.Multiply(simulatedChallenge);
        P256Point falseB = key.Multiply(simulatedResponse) - shifted.Multiply(simulatedChallenge);
        (P256Point a0, P256Point a1) = (Pick(value, trueA, falseA), Pick(value, falseA, trueA));
        (P256Point b0, P256Point b1) = (Pick(value, trueB, falseB), Pick(value, falseB, trueB));
        P256Scalar challenge = BallotProofs.OptionChallenge(statement, option, a0, b0, a1, b1);
        P256Scalar trueChallenge = challenge - simulatedChallenge;
        P256Scalar trueResponse = w + (trueChallenge * secret);
        return new OptionCiphertext(
            pair.A,
            pair.B,
            P256Scalar.Select(value, trueChallenge, simulatedChallenge),
            P256Scalar.Select(value, simulatedChallenge, trueChallenge),
            P256Scalar.Select(value, trueResponse, simulatedResponse),
            P256Scalar.Select(value, simulatedResponse, trueResponse));
    }

    private static (P256Scalar Challenge, P256Scalar Response) ProveSum(P256Point key, Digest statement, P256Scalar total, ScalarSource random)
    {
        using P256Scalar w = random();
        P256Scalar challenge = BallotProofs.SumChallenge(statement, P256Point.MultiplyBase(w), key.Multiply(w));
        return (challenge, w + (challenge * total));
    }
}

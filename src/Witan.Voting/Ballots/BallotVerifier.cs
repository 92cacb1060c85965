using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Checks a ballot: its slot, its signature, every proof. All values are public, so variable time is harmless.</summary>
public static class BallotVerifier
{
    /// <summary>What is wrong with the ballot, as a stable code and a sentence; null where nothing is.</summary>
    public static Refusal? Check(BallotContext context, RosterEntry voter, Ballot ballot) =>
        CheckFrame(context, voter, ballot) ?? CheckProofs(context, ballot);

    /// <summary>Everything but the proofs: agent, slot, number of options, signature.</summary>
    internal static Refusal? CheckFrame(BallotContext context, RosterEntry voter, Ballot ballot)
    {
        if (ballot.Agent != voter.Keys.AgentId)
            return new Refusal(RefusalCode.NotOnRoster, "the ballot names another agent");
        if (ballot.Nullifier != Roster.Nullifier(context.Proposal, context.Configuration, ballot.Agent))
            return new Refusal(RefusalCode.WrongContext, "the nullifier is not this agent's slot in this proposal");
        if (ballot.Options.Count != context.Options)
            return new Refusal(RefusalCode.ProofInvalid, $"{ballot.Options.Count} options instead of {context.Options}");
        return Ed25519.Verify(voter.Keys.Signing.Bytes, ballot.SignedBytes(context), ballot.Signature)
            ? null
            : new Refusal(RefusalCode.SignatureInvalid, "the signature is not this agent's over this ballot in this context");
    }

    internal static Refusal? CheckProofs(BallotContext context, Ballot ballot)
    {
        (P256Point A, P256Point B)[] pairs = [.. ballot.Options.Select(option => (option.A, option.B))];
        Digest statement = BallotProofs.Statement(context, ballot.Nullifier, pairs);
        for (int i = 0; i < ballot.Options.Count; i++)
        {
            OptionCiphertext option = ballot.Options[i];
            P256Point d1 = option.B - P256Point.Generator;
            if (!TryCommitments(context.ElectionKey, option.A, option.B, option.Challenge0, option.Response0, out var zero)
                || !TryCommitments(context.ElectionKey, option.A, d1, option.Challenge1, option.Response1, out var one)
                || !(option.Challenge0 + option.Challenge1).Equals(
                    BallotProofs.OptionChallenge(statement, i, zero.A, zero.B, one.A, one.B)))
            {
                return new Refusal(RefusalCode.ProofInvalid, $"option {i} is not proven to hold 0 or 1");
            }
        }

        P256Point a = pairs.Select(pair => pair.A).Aggregate((sum, next) => sum + next);
        P256Point d = pairs.Select(pair => pair.B).Aggregate((sum, next) => sum + next) - P256Point.Generator;
        return TryCommitments(context.ElectionKey, a, d, ballot.SumChallenge, ballot.SumResponse, out var sum)
            && ballot.SumChallenge.Equals(BallotProofs.SumChallenge(statement, sum.A, sum.B))
            ? null
            : new Refusal(RefusalCode.ProofInvalid, "the ballot is not proven to choose exactly one option");
    }

    // z·G - c·A and z·K - c·D. An honest prover never meets the identity; a statement that yields it proves nothing.
    private static bool TryCommitments(
        P256Point key, P256Point a, P256Point d, P256Scalar challenge, P256Scalar response, out (P256Point A, P256Point B) commitments)
    {
        P256Scalar minus = P256Scalar.Zero - challenge;
        commitments = (
            P256Point.MultiplyPublic(response, [a], [minus]),
            P256Point.MultiplyPublic(null, [key, d], [response, minus]));
        return !commitments.A.IsIdentity && !commitments.B.IsIdentity;
    }
}

using System.Collections.Immutable;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>The part of the fold that makes the joint key: enrol, commit, contribute, judge, disclose, agree.</summary>
internal static class KeyFold
{
    internal static (RecordState?, Refusal?) Enrol(RecordState state, TrusteesEnrolled payload, Digest head)
    {
        if (state.State != ProposalState.Draft || state.Trustees.Count > 0)
            return RecordFold.Wrong(state, payload);
        if (payload.Trustees.Count != state.Body.Trustees
            || !payload.Trustees.Select(trustee => trustee.Index).SequenceEqual(Enumerable.Range(1, state.Body.Trustees)))
        {
            return No("the trustees are not those that the rules ask for, numbered from 1");
        }

        if (payload.Trustees.Select(trustee => trustee.Keys.AgentId).Distinct().Count() != payload.Trustees.Count)
            return No("one agent is two trustees");
        if (payload.Trustees.Any(trustee => trustee.ConfidenceLevel is < 0 or > 5)
            || (state.Mode != ExecutionMode.Local && payload.Trustees.Any(trustee => trustee.Evidence == Digest.Zero)))
        {
            return No("a trustee was enrolled without evidence, or at a level that does not exist");
        }

        return (state with { Trustees = [.. payload.Trustees], EnrolledHead = head }, null);
    }

    internal static (RecordState?, Refusal?) Commit(RecordState state, ContributionCommitted payload, bool proofs)
    {
        ContributionCommitment commitment = payload.Commitment;
        if (state.State != ProposalState.Draft || state.Trustees.Count == 0 || state.Contributions.Count > 0)
            return RecordFold.Wrong(state, payload);
        if (state.KeyGeneration.Find(commitment.Index) is null || state.Commitments.ContainsKey(commitment.Index))
            return No($"trustee {commitment.Index} is unknown, or has committed already");
        bool isShown = payload.Evidence is { IsNone: false };
        if (isShown == (state.Mode == ExecutionMode.Local) || (payload.Evidence is not null && !isShown))
            return No("a trustee shows evidence, except in LOCAL_MODE, where there is none");
        if (payload.Evidence?.Problem() is { } malformed)
            return No($"the trustee's evidence: {malformed}");
        if (proofs && !JointKey.IsSigned(state.KeyGeneration, commitment))
            return (null, RecordFold.No(RefusalCode.SignatureInvalid, "the commitment is not signed by its trustee"));
        return (state with
        {
            Commitments = state.Commitments.Add(commitment.Index, commitment),
            Evidence = payload.Evidence is { } evidence ? state.Evidence.Add(commitment.Index, evidence) : state.Evidence,
        }, null);
    }

    internal static (RecordState?, Refusal?) Contribute(RecordState state, KeyContribution contribution, bool proofs)
    {
        // All hashes first: the last to speak must not see the others.
        if (state.State != ProposalState.Draft || state.Trustees.Count == 0 || state.Commitments.Count != state.Trustees.Count)
            return RecordFold.Wrong(state, new KeyContributed(contribution));
        if (!state.Commitments.TryGetValue(contribution.Index, out ContributionCommitment? commitment)
            || state.Contributions.ContainsKey(contribution.Index))
        {
            return No($"trustee {contribution.Index} is unknown, or has contributed already");
        }

        if (contribution.Coefficients.Count != state.Body.Threshold || contribution.Hash(state.KeyGeneration) != commitment.Hash)
            return No("the contribution is not the one committed to");
        if (proofs && JointKey.Check(state.KeyGeneration, commitment, contribution) is { } refusal)
            return (null, refusal);
        return (state with { Contributions = state.Contributions.Add(contribution.Index, contribution) }, null);
    }

    internal static (RecordState?, Refusal?) Judge(RecordState state, ShareVerdict verdict, DateTimeOffset at, bool proofs)
    {
        if (state.State != ProposalState.Draft || state.ElectionKey is not null || state.Trustees.Count == 0
            || state.Contributions.Count != state.Trustees.Count)
        {
            return RecordFold.Wrong(state, new SharesJudged(verdict));
        }

        if (state.KeyGeneration.Find(verdict.Index) is not { } trustee || state.ShareVerdicts.ContainsKey(verdict.Index))
            return No($"trustee {verdict.Index} is unknown, or has judged already");
        bool ordered = verdict.Against.Zip(verdict.Against.Skip(1)).All(pair => pair.First < pair.Second);
        if (!ordered || verdict.Against.Any(index => index == verdict.Index || state.KeyGeneration.Find(index) is null))
            return No("the complaints are not against other trustees, in order");
        if (proofs && !Ed25519.Verify(trustee.Keys.Signing.Bytes, verdict.SignedBytes(state.KeyGeneration), verdict.Signature))
            return (null, RecordFold.No(RefusalCode.SignatureInvalid, "the verdict is not signed by its trustee"));
        return (state with { ShareVerdicts = state.ShareVerdicts.Add(verdict.Index, verdict), JudgedAt = at }, null);
    }

    internal static (RecordState?, Refusal?) Disclose(RecordState state, ShareDisclosure disclosure, bool proofs)
    {
        if (state.State != ProposalState.Draft || state.ElectionKey is not null)
            return RecordFold.Wrong(state, new ShareDisclosed(disclosure));
        if (!state.ShareVerdicts.TryGetValue(disclosure.To, out ShareVerdict? complaint)
            || !complaint.Against.Contains(disclosure.From)
            || state.Disclosures.ContainsKey((disclosure.From, disclosure.To)))
        {
            return No("nobody complained about that share, or it is disclosed already");
        }

        if (proofs && !Ed25519.Verify(
            state.Trustees[disclosure.From - 1].Keys.Signing.Bytes, disclosure.SignedBytes(state.KeyGeneration), disclosure.Signature))
        {
            return (null, RecordFold.No(RefusalCode.SignatureInvalid, "the disclosure is not signed by its trustee"));
        }

        return (state with { Disclosures = state.Disclosures.Add((disclosure.From, disclosure.To), disclosure.Share) }, null);
    }

    internal static (RecordState?, Refusal?) Agree(RecordState state, KeyAgreed payload, DateTimeOffset at)
    {
        if (state.State != ProposalState.Draft || state.ElectionKey is not null || !IsJudged(state, at))
            return RecordFold.Wrong(state, payload);

        ImmutableSortedSet<int> qualified = Qualify(state);
        if (qualified.Count < state.Body.Threshold)
            return No("fewer trustees than the threshold are qualified");
        if (!qualified.SequenceEqual(payload.Qualified))
            return No("the qualified trustees are not those that follow from the complaints");
        if (!IsSecret(state, qualified))
            return No("so many shares were disclosed that fewer trustees than the threshold could open ballots");
        RecordState next = state with { Qualified = qualified };
        if (qualified.Any(index => JointKey.VerificationKey(next.QualifiedContributions, index).IsIdentity))
            return No("a trustee's verification key is the identity");
        return JointKey.Combine(next.QualifiedContributions) is { } key && key.Equals(payload.Key)
            ? (next with { ElectionKey = key }, null)
            : No("the key is not the sum of the qualified contributions");
    }

    /// <summary>
    /// Whether the key may be made of what was said: all have judged, and each complaint is answered, or the time to answer is over. Whoever is silent until
    /// half of what was left to open when the last verdict came is left out, and does not hold up the others.
    /// </summary>
    internal static bool IsJudged(RecordState state, DateTimeOffset at)
    {
        if (state.Trustees.Count == 0 || state.ShareVerdicts.Count != state.Trustees.Count)
            return false;
        var answerBy = DateTimeOffset.FromUnixTimeMilliseconds((state.JudgedAt.ToUnixTimeMilliseconds() + state.Body.OpenBy.ToUnixTimeMilliseconds()) / 2);
        return at >= answerBy || state.ShareVerdicts.Values.All(verdict => verdict.Against.All(from => state.Disclosures.ContainsKey((from, verdict.Index))));
    }

    /// <summary>Everybody against whom no complaint stands unanswered by the right share.</summary>
    internal static ImmutableSortedSet<int> Qualify(RecordState state) =>
    [
        .. state.Trustees.Select(trustee => trustee.Index).Where(index => state.ShareVerdicts.Values
            .Where(verdict => verdict.Against.Contains(index))
            .All(verdict => state.Disclosures.TryGetValue((index, verdict.Index), out P256Scalar? share)
                && JointKey.IsShare(state.Contributions[index], verdict.Index, share))),
    ];

    /// <summary>
    /// Whether the key is still secret from fewer than the threshold, whatever was disclosed. Shares travel through the coordinator and its store: who withholds them
    /// makes honest trustees complain about honest ones, and each answer puts a point of a polynomial into the record. Safe is that one trustee
    /// alone complained which is part of the key itself, since nothing of its own polynomial was shown, or that there are as many as the threshold of whose
    /// polynomials nothing was.
    /// </summary>
    internal static bool IsSecret(RecordState state, IReadOnlyCollection<int> qualified)
    {
        (int From, int To)[] shown = [.. state.Disclosures.Keys.Where(pair => qualified.Contains(pair.From))];
        int[] to = [.. shown.Select(pair => pair.To).Distinct()];
        return to.Length == 0 || (to.Length == 1 && qualified.Contains(to[0]))
            || qualified.Count(index => Array.TrueForAll(shown, pair => pair.From != index)) >= state.Body.Threshold;
    }

    private static (RecordState?, Refusal?) No(string message) => (null, RecordFold.No(RefusalCode.Contradiction, message));
}

using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

public class KeyGenerationTests
{
    private readonly Council _council = new(3);

    public KeyGenerationTests()
    {
        _council.Open();
        _council.Advance();
        for (int i = 0; i < 3; i++)
        {
            Agent trustee = _council.Trustees[i];
            trustee.Secret = TrusteeSecret.Create(i + 1, 2, P256Scalar.Random);
            (trustee.Commitment, trustee.Contribution) = trustee.Secret.Contribute(Context, trustee.Seed);
        }
    }

    private KeyGenerationContext Context => _council.State.KeyGeneration;

    [Fact]
    public void Nobody_contributes_before_everybody_has_committed()
    {
        _council.Append(new ContributionCommitted(_council.Trustees[0].Commitment));
        Assert.Equal(RefusalCode.WrongState, _council.Try(new KeyContributed(_council.Trustees[0].Contribution))!.Code);
    }

    [Fact]
    public void Two_proofs_in_two_contexts_do_not_give_the_secret_away_and_one_context_gives_the_same_bytes()
    {
        Agent trustee = _council.Trustees[0];
        Witan.Voting.Trustee[] others = [.. Context.Trustees];
        others[2] = others[2] with { ConfidenceLevel = 4 };
        KeyContribution one = trustee.Contribution, again = trustee.Secret.Contribute(Context, trustee.Seed).Contribution;
        KeyContribution two = trustee.Secret.Contribute(Context with { Trustees = others }, trustee.Seed).Contribution;
        Assert.Equal((one.PossessionChallenge, one.PossessionResponse), (again.PossessionChallenge, again.PossessionResponse));
        Assert.Equal(one.Signature, again.Signature);
        Assert.Equal(one.Coefficients[0], two.Coefficients[0]);
        Assert.NotEqual(one.PossessionChallenge, two.PossessionChallenge);
        // With one nonce under both challenges this would be a_0.
        P256Scalar guess = (one.PossessionResponse - two.PossessionResponse) * (one.PossessionChallenge - two.PossessionChallenge).Invert();
        Assert.NotEqual(one.Coefficients[0], P256Point.MultiplyBase(guess));
        // What was stored says the same again.
        Assert.True(TrusteeSecret.TryDecode(1, trustee.Secret.ToBytes(), out TrusteeSecret? restored));
        Assert.Equal(one.PossessionResponse, restored.Contribute(Context, trustee.Seed).Contribution.PossessionResponse);
        Assert.Equal(trustee.Secret.Share(2), restored.Share(2));
        Assert.True(JointKey.IsShare(one, 2, restored.Share(2)));
    }

    [Fact]
    public void A_contribution_that_was_not_committed_to_is_refused()
    {
        Commit();
        (_, KeyContribution other) = TrusteeSecret.Create(1, 2, P256Scalar.Random).Contribute(Context, _council.Trustees[0].Seed);
        Assert.NotNull(_council.Try(new KeyContributed(other)));
    }

    [Fact]
    public void A_contribution_without_possession_is_refused()
    {
        // A rogue key: the others' sum taken away. Its maker does not know the secret, so the proof is that of another key.
        KeyContribution honest = _council.Trustees[0].Contribution;
        var rogue = honest with { Coefficients = [honest.Coefficients[0] - _council.Trustees[1].Contribution.Coefficients[0], honest.Coefficients[1]] };
        rogue = rogue with { Signature = Ed25519.Sign(_council.Trustees[0].Seed, rogue.SignedBytes(Context)) };
        Digest hash = rogue.Hash(Context);
        var commitment = new ContributionCommitment(1, hash, Ed25519.Sign(_council.Trustees[0].Seed, JointKey.CommitmentBytes(Context, 1, hash)));
        Assert.Equal(RefusalCode.ProofInvalid, JointKey.Check(Context, commitment, rogue)!.Code);
    }

    [Fact]
    public void A_wrong_share_is_noticed_and_an_unanswered_complaint_disqualifies()
    {
        Commit();
        Contribute();
        Judge(1, []);
        Judge(2, [3]);
        Judge(3, []);
        Assert.Null(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now));
        // Trustee 3 answers with a share that is not on its polynomial.
        var wrong = new ShareDisclosure(3, 2, P256Scalar.Random(), []);
        wrong = wrong with { Signature = Ed25519.Sign(_council.Trustees[2].Seed, wrong.SignedBytes(Context)) };
        _council.Append(new ShareDisclosed(wrong));
        var agreed = Assert.IsType<KeyAgreed>(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now));
        Assert.Equal([1, 2], agreed.Qualified);
    }

    [Fact]
    public void Who_does_not_answer_a_complaint_is_left_out_after_half_of_what_is_left()
    {
        Commit();
        Contribute();
        Judge(1, []);
        Judge(2, [3]);
        _council.Now = Council.Start.AddMinutes(1);
        Judge(3, []);
        P256Point key = JointKey.Combine([_council.Trustees[0].Contribution, _council.Trustees[1].Contribution])!;
        // The last verdict came after one minute, and the last moment to open is after five.
        _council.Now = Council.Start.AddMinutes(3).AddMilliseconds(-1);
        Assert.Null(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now));
        Assert.Equal(RefusalCode.WrongState, _council.Try(new KeyAgreed([1, 2], key))!.Code);
        Assert.Equal(RefusalCode.WrongState, _council.Try(new Ended(EndReason.Failed, "unwelcome"))!.Code);
        _council.Now = Council.Start.AddMinutes(3);
        var agreed = Assert.IsType<KeyAgreed>(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now));
        Assert.Equal([1, 2], agreed.Qualified);
        Assert.Equal(key, agreed.Key);
        _council.Append(agreed);
    }

    [Fact]
    public void A_complaint_answered_with_the_right_share_is_settled()
    {
        Commit();
        Contribute();
        Judge(1, []);
        Judge(2, [3]);
        Judge(3, []);
        _council.Append(new ShareDisclosed(_council.Trustees[2].Secret.Disclose(Context, 2, _council.Trustees[2].Seed)));
        var agreed = Assert.IsType<KeyAgreed>(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now));
        Assert.Equal([1, 2, 3], agreed.Qualified);
    }

    [Fact]
    public void Shares_that_a_host_withholds_make_no_key_whose_points_all_can_read()
    {
        Commit();
        Contribute();
        int[][] against = [[2, 3], [1, 3], [1, 2]];
        for (int index = 1; index <= 3; index++)
            Judge(index, against[index - 1]);
        // All are honest, and answer: two points of each polynomial of degree 1 stand in the record.
        for (int from = 1; from <= 3; from++)
        {
            foreach (int to in against[from - 1])
                _council.Append(new ShareDisclosed(_council.Trustees[from - 1].Secret.Disclose(Context, to, _council.Trustees[from - 1].Seed)));
        }

        var ended = Assert.IsType<Ended>(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now));
        Assert.Equal(EndReason.Failed, ended.Reason);
        Assert.Contains("no secret", ended.Explanation, StringComparison.Ordinal);
        // Nor is it taken from a coordinator that would like to have it.
        P256Point key = JointKey.Combine([.. _council.Trustees.Select(trustee => trustee.Contribution)])!;
        Assert.Contains("so many shares were disclosed", _council.Try(new KeyAgreed([1, 2, 3], key))!.Message, StringComparison.Ordinal);
        _council.Append(ended);
    }

    [Fact]
    public void Two_complainers_are_too_many_where_fewer_than_the_threshold_are_unharmed()
    {
        Commit();
        Contribute();
        Judge(1, [3]);
        Judge(2, [3]);
        Judge(3, []);
        foreach (int to in new[] { 1, 2 })
            _council.Append(new ShareDisclosed(_council.Trustees[2].Secret.Disclose(Context, to, _council.Trustees[2].Seed)));
        // Of trustees 1 and 2 nothing was shown: as many as the threshold.
        Assert.Equal([1, 2, 3], Assert.IsType<KeyAgreed>(Lifecycle.Next(_council.State, _council.Admitted, _council.Enrolled, _council.Now)).Qualified);
    }

    [Fact]
    public void Too_few_qualified_trustees_fail_the_proposal()
    {
        Commit();
        Contribute();
        Judge(1, [2, 3]);
        Judge(2, []);
        Judge(3, []);
        foreach (int from in new[] { 2, 3 })
        {
            var wrong = new ShareDisclosure(from, 1, P256Scalar.Random(), []);
            _council.Append(new ShareDisclosed(wrong with { Signature = Ed25519.Sign(_council.Trustees[from - 1].Seed, wrong.SignedBytes(Context)) }));
        }

        Assert.Equal(EndReason.Failed, Assert.IsType<Ended>(Lifecycle.Next(_council.State, [], [], _council.Now)).Reason);
    }

    [Fact]
    public void A_share_for_another_trustee_proposal_or_of_other_bytes_does_not_open()
    {
        Agent from = _council.Trustees[0], to = _council.Trustees[1];
        SealedShare message = from.Secret.Seal(Context, _council.State.Trustees[1], from.Seed);
        Assert.True(TrusteeSecret.TryOpen(Context, from.Contribution, message, 2, to.EncryptionSecret, out P256Scalar? share));
        Assert.Equal(from.Secret.Share(2), share);
        Assert.False(TrusteeSecret.TryOpen(Context, from.Contribution, message, 3, to.EncryptionSecret, out _));
        Assert.False(TrusteeSecret.TryOpen(Context with { Target = "x" }, from.Contribution, message, 2, to.EncryptionSecret, out _));
        Assert.False(TrusteeSecret.TryOpen(Context, _council.Trustees[2].Contribution, message, 2, to.EncryptionSecret, out _));
        message.Sealed[70] ^= 1;
        Assert.False(TrusteeSecret.TryOpen(Context, from.Contribution, message, 2, to.EncryptionSecret, out _));
    }

    [Fact]
    public void Partial_decryptions_with_another_share_are_refused()
    {
        var council = new Council(3);
        council.OpenVoting();
        for (int i = 0; i < 3; i++)
            council.Append(new BallotCast(council.Ballot(i, 0)));
        council.Advance();
        council.Trustees[0].Share = P256Scalar.Random();
        Assert.Equal(RefusalCode.ProofInvalid, council.Try(new PartiallyDecrypted(council.Decrypt(1)))!.Code);
        council.Append(new PartiallyDecrypted(council.Decrypt(2)));
        Assert.Null(Lifecycle.Next(council.State, [], [], council.Now));
        council.Append(new PartiallyDecrypted(council.Decrypt(3)));
        council.Advance();
        Assert.Equal([3L, 0L, 0L], council.State.Counts);
    }

    private void Commit()
    {
        foreach (Agent trustee in _council.Trustees)
            _council.Append(new ContributionCommitted(trustee.Commitment));
    }

    private void Contribute()
    {
        foreach (Agent trustee in _council.Trustees)
            _council.Append(new KeyContributed(trustee.Contribution));
    }

    private void Judge(int index, int[] against) =>
        _council.Append(new SharesJudged(TrusteeSecret.Judge(Context, index, against, _council.Trustees[index - 1].Seed)));
}

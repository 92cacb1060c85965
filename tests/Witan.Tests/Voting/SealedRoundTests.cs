using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>One sealed round: who may argue, when, and what is shown.</summary>
public sealed class SealedRoundTests
{
    private readonly Council _council = new(3, change: body => body with { Rounds = 1 });

    [Fact]
    public void Without_a_round_a_proposal_has_the_bytes_that_it_always_had()
    {
        ProposalBody body = new Council(3).Body;
        Digest before = new CanonicalWriter(DomainTags.Proposal)
            .Text(body.Title).Text(body.Text)
            .List(body.Facts, (writer, fact) => writer.Text(fact.Name).Text(fact.Value))
            .List(body.Options, (writer, option) => writer.Text(option))
            .Number(body.MinimumTurnout).Number(body.MinimumAnonymity).Number(body.PassNumerator).Number(body.PassDenominator)
            .Number(body.MinimumRoster).Number(body.Trustees).Number(body.Threshold)
            .Time(body.CreatedAt).Time(body.OpenBy).Time(body.CloseAt).Time(body.SettleBy).Bytes(body.Nonce.Bytes).Hash();
        Assert.Equal(before, body.Id());
        string json = JsonSerializer.Serialize(body, RecordJson.Default.ProposalBody);
        Assert.DoesNotContain("rounds", json, StringComparison.Ordinal);
        Assert.DoesNotContain("argueBy", json, StringComparison.Ordinal);
        ProposalBody sealedRound = body with { Rounds = 1 };
        Assert.NotEqual(before, sealedRound.Id());
        Assert.True(StrictJson.TryRead(JsonSerializer.SerializeToUtf8Bytes(sealedRound, RecordJson.Default.ProposalBody), RecordJson.Default.ProposalBody, out ProposalBody? read, out _));
        Assert.Equal(1, read.Rounds);
        Assert.Equal("rounds: 0 or 1", (body with { Rounds = 2 }).Problem());
        Assert.InRange(body.ArgueBy, body.OpenBy, body.CloseAt);
    }

    [Fact]
    public void All_arguments_are_shown_at_once_without_names_and_the_audit_follows_it()
    {
        _council.OpenRound();
        Assert.Equal(ProposalState.Deliberating, _council.State.State);
        Assert.Null(Lifecycle.Next(_council.State, [], [], _council.Now, _council.Show));
        Assert.Equal(RefusalCode.WrongState, _council.Try(new BallotCast(_council.Ballot(0, 0)))!.Code);
        foreach (int worker in new[] { 2, 0, 1 })
            _council.Append(new ArgumentSealed(_council.Argue(worker, $"argument {worker}")));
        _council.Advance();
        Assert.Equal(ProposalState.Voting, _council.State.State);
        Assert.Equal(["argument 0", "argument 1", "argument 2"], _council.State.Arguments.Select(one => one.Text).Order(StringComparer.Ordinal));
        string opened = JsonSerializer.Serialize<RecordPayload>(_council.Events[^1].Payload, RecordJson.Default.RecordPayload);
        Assert.All(_council.Workers, worker => Assert.DoesNotContain(worker.Keys.AgentId.ToString(), opened, StringComparison.Ordinal));

        for (int i = 0; i < 3; i++)
            _council.Append(new BallotCast(_council.Ballot(i, 0)));
        _council.Advance();
        _council.Append(new PartiallyDecrypted(_council.Decrypt(1)));
        _council.Append(new PartiallyDecrypted(_council.Decrypt(2)));
        _council.Advance();
        AuditReport report = Audit.Run(DecisionFile.Of(_council.State, _council.Events).ToBytes());
        Assert.True(report.Valid, report.Problem);
    }

    [Fact]
    public void What_the_coordinator_shows_is_what_was_sealed_in_number_and_order()
    {
        _council.OpenVoting();
        int shown = _council.Events.FindIndex(next => next.Payload is ArgumentsOpened);
        Argument[] honest = [.. _council.State.Arguments];
        var stranger = new Argument("invented", new Digest(RandomNumberGenerator.GetBytes(32)));
        Assert.Null(_council.Fork(shown).Try(new ArgumentsOpened(honest)));
        foreach (Argument[] lie in new Argument[][]
        {
            [], honest[1..], [.. honest, stranger], [honest[1], honest[0], honest[2]], [honest[2], honest[1], honest[0]],
            [.. Argument.InOrder([honest[0], honest[1], honest[2] with { Text = new string('x', Argument.MaximumBytes + 1) }])],
            [.. Argument.InOrder([honest[0], honest[1], honest[2] with { Text = "\ud800" }])],
        })
        {
            Refusal? refusal = _council.Fork(shown).Try(new ArgumentsOpened(lie));
            Assert.Equal(RefusalCode.Contradiction, refusal?.Code);
        }

        // Not before all have argued or the time has come.
        Assert.Equal(RefusalCode.Contradiction, _council.Fork(shown - 1).Try(new ArgumentsOpened(Argument.InOrder(honest[..2])))!.Code);
    }

    [Fact]
    public void An_argument_that_does_not_belong_is_refused()
    {
        _council.OpenRound();
        SealedArgument good = _council.Argue(0, "good");
        var stranger = new Agent();
        RefusalCode? Code(SealedArgument argument) => _council.Fork(_council.Events.Count).Try(new ArgumentSealed(argument))?.Code;
        Assert.Null(Code(good));
        Assert.Equal(RefusalCode.NotOnRoster, Code(good with { Agent = stranger.Keys.AgentId }));
        Assert.Equal(RefusalCode.SignatureInvalid, Code(good with { Agent = _council.Workers[1].Keys.AgentId }));
        Assert.Equal(RefusalCode.SignatureInvalid, Code(good with { Sealed = Flip(good.Sealed) }));
        Assert.Equal(RefusalCode.ProofInvalid, Code(good with { Sealed = good.Sealed[1..] }));
        _council.Append(new ArgumentSealed(good));
        Assert.Equal(RefusalCode.Equivocation, Code(_council.Argue(0, "another")));
        _council.Now = _council.Body.ArgueBy;
        Assert.Equal(RefusalCode.Late, Code(_council.Argue(1, "late")));
    }

    [Fact]
    public void The_intake_answers_the_same_bytes_alike_and_refuses_the_rest_with_a_reason()
    {
        ArgumentVerdict Judge(SealedArgument argument, bool attested = true, bool opens = true) => ArgumentIntake.Judge(_council.State, argument, _council.Now, attested, opens);
        _council.OpenRound();
        SealedArgument good = _council.Argue(0, "good");
        Assert.Equal(RefusalCode.ProofInvalid, Judge(good, opens: false).Refusal!.Code);
        Assert.Equal(RefusalCode.AttestationExpired, Judge(good, attested: false).Refusal!.Code);
        Assert.Equal(RefusalCode.NotOnRoster, Judge(good with { Agent = Digest.Zero }).Refusal!.Code);
        _council.Append(Judge(good).Event!);
        Assert.Equal(new ArgumentVerdict(null, null), Judge(good, attested: false, opens: false));
        Assert.Equal(RefusalCode.Equivocation, Judge(_council.Argue(0, "other")).Refusal!.Code);
        SealedArgument second = _council.Argue(1, "second");
        _council.Now = _council.Body.ArgueBy;
        Assert.Equal(RefusalCode.Late, Judge(second).Refusal!.Code);
        _council.Advance();
        Assert.Equal(RefusalCode.Late, Judge(second).Refusal!.Code);
        Assert.Equal(new ArgumentVerdict(null, null), Judge(good));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    public void At_the_deadline_the_vote_begins_with_what_there_is_and_one_argument_alone_is_not_shown(int arguing, int shown)
    {
        _council.OpenRound();
        for (int i = 0; i < arguing; i++)
            _council.Append(new ArgumentSealed(_council.Argue(i, "because")));
        _council.Advance();
        Assert.Equal(ProposalState.Deliberating, _council.State.State);
        _council.Now = _council.Body.ArgueBy;
        _council.Advance();
        Assert.Equal((ProposalState.Voting, shown), (_council.State.State, _council.State.Arguments.Count));
        Assert.Equal(arguing == 1, Audit.Warnings(_council.State).Any(warning => warning.Contains("too few to be shown", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_record_whose_coordinator_lost_its_key_ends_and_never_goes_on_without_the_arguments()
    {
        _council.OpenRound();
        for (int i = 0; i < 3; i++)
            _council.Append(new ArgumentSealed(_council.Argue(i, "because")));
        (P256Scalar other, _) = Hpke.DeriveKeyPair(RandomNumberGenerator.GetBytes(32));
        Assert.Equal(EndReason.Failed, Assert.IsType<Ended>(Lifecycle.ShowArguments(_council.State, other)).Reason);
    }

    [Fact]
    public void Every_sealed_argument_has_one_size_and_opens_for_its_own_record_alone()
    {
        _council.OpenRound();
        var other = new Council(_council.Workers, change: body => body with { Rounds = 1 });
        other.OpenRound();
        foreach (string text in new[] { "", "short", new string('y', 9000), string.Concat(Enumerable.Repeat("ä", 1500)), string.Concat(Enumerable.Repeat("🦉", 700)) })
        {
            SealedArgument argument = _council.Argue(0, text);
            Assert.Equal(SealedArgument.SealedSize, argument.Sealed.Length);
            Assert.Equal(RefusalCode.SignatureInvalid, other.Try(new ArgumentSealed(argument))!.Code);
            _council.Fork(_council.Events.Count).Append(new ArgumentSealed(argument));
            var plain = Argument.Of(text, Digest.Zero);
            Assert.StartsWith(plain.Text, text, StringComparison.Ordinal);
            Assert.True(plain.IsGood());
            Assert.InRange(Encoding.UTF8.GetByteCount(plain.Text), Math.Min(Encoding.UTF8.GetByteCount(text), Argument.MaximumBytes - 3), Argument.MaximumBytes);
            Assert.True(Argument.TryRead(plain.ToBytes(), out Argument? read));
            Assert.Equal(plain, read);
        }
    }

    [Fact]
    public void There_is_one_byte_form_for_each_argument()
    {
        byte[] bytes = Argument.Of("text", Digest.Zero).ToBytes();
        Assert.False(Argument.TryRead(bytes.AsSpan(1), out _));
        foreach ((int at, byte value) in new (int, byte)[] { (32, 0xFF), (33, 3), (34, 0xFF), (38, 1), (bytes.Length - 1, 1) })
        {
            byte[] changed = [.. bytes];
            changed[at] = value;
            Assert.False(Argument.TryRead(changed, out _), $"{at}");
        }
    }

    [Fact]
    public void Nobody_finds_a_place_in_front_by_its_own_salt_alone()
    {
        // The same salt stands first or not, depending on salts that its owner cannot know.
        Argument own = Argument.Of("own", new Digest(new byte[32]));
        var places = new HashSet<int>();
        for (int i = 0; i < 60; i++)
        {
            Argument[] all = [own, .. Enumerable.Range(0, 2).Select(_ => Argument.Of("other", new Digest(RandomNumberGenerator.GetBytes(32))))];
            places.Add(Argument.InOrder(all).ToList().IndexOf(own));
        }

        Assert.Equal(3, places.Count);
    }

    private static byte[] Flip(byte[] bytes)
    {
        byte[] changed = [.. bytes];
        changed[100] ^= 1;
        return changed;
    }
}

using System.Security.Cryptography;
using Witan.Tests.Voting;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>What a worker makes of the arguments that a coordinator shows.</summary>
public sealed class KeptArgumentTests
{
    private readonly Council _council = new(3, change: body => body with { Rounds = 1 });
    private readonly KeptArgument[] _kept;

    public KeptArgumentTests()
    {
        _council.OpenRound();
        _kept = [.. Enumerable.Range(0, 3).Select(Keep)];
        foreach (KeptArgument kept in _kept)
            _council.Append(new ArgumentSealed(kept.Sealed));
    }

    [Fact]
    public void It_hears_the_others_and_knows_its_own()
    {
        _council.Advance();
        HeardArguments heard = KeptArgument.Heard(_council.State, Id(1), _kept[1]);
        Assert.Equal("thought 1", heard.Own);
        Assert.Equal(["thought 0", "thought 2"], heard.Others.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("a changed text")]
    [InlineData("thought 2")]
    public void It_does_not_vote_where_its_own_was_changed_or_another_stands_twice_instead(string text)
    {
        // As many as were sealed, in their order: nobody else can see that one of them is a lie.
        Argument[] lie = [_kept[0].Argument, new Argument(text, _kept[1].Argument.Salt), _kept[2].Argument];
        Assert.Null(_council.Try(new ArgumentsOpened(Argument.InOrder(lie))));
        Assert.Contains("not among those shown", Assert.Throws<InvalidDataException>(() => KeptArgument.Heard(_council.State, Id(1), _kept[1])).Message, StringComparison.Ordinal);
        Assert.Equal(2, KeptArgument.Heard(_council.State, Id(0), _kept[0]).Others.Count);
    }

    [Fact]
    public void It_does_not_vote_where_the_record_holds_another_argument_of_its_own()
    {
        _council.Advance();
        foreach (KeptArgument? kept in new[] { null, Keep(1) })
            Assert.Contains("does not know", Assert.Throws<InvalidDataException>(() => KeptArgument.Heard(_council.State, Id(1), kept)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_came_too_late_is_no_reason_not_to_vote_and_neither_is_one_that_was_too_lonely()
    {
        var council = new Council(_council.Workers, change: body => body with { Rounds = 1 });
        council.OpenRound();
        KeptArgument late = Keep(council, 0), lonely = Keep(council, 1);
        council.Append(new ArgumentSealed(lonely.Sealed));
        council.Now = council.Body.ArgueBy;
        council.Advance();
        Assert.Empty(KeptArgument.Heard(council.State, Id(0), late).Others);
        Assert.Empty(KeptArgument.Heard(council.State, Id(1), lonely).Others);
        Assert.Empty(KeptArgument.Heard(council.State, Id(2), null).Others);
    }

    [Fact]
    public void It_is_kept_to_the_byte_and_damage_is_noticed()
    {
        byte[] bytes = _kept[0].ToBytes();
        KeptArgument read = KeptArgument.Parse(bytes)!;
        Assert.Equal(_kept[0].Argument, read.Argument);
        Assert.True(read.Sealed.IsSame(_kept[0].Sealed));
        Assert.Null(KeptArgument.Parse(bytes.AsSpan(0, 100)));
        Assert.Null(KeptArgument.Parse(bytes.AsSpan(0, bytes.Length - 1)));
    }

    private Digest Id(int worker) => _council.Workers[worker].Keys.AgentId;

    private KeptArgument Keep(int worker) => Keep(_council, worker);

    private static KeptArgument Keep(Council council, int worker)
    {
        var argument = Argument.Of($"thought {worker}", new Digest(RandomNumberGenerator.GetBytes(32)));
        Voting.Agent agent = council.Workers[worker];
        return new KeptArgument(argument, SealedArgument.Create(council.State, agent.Keys.AgentId, argument, council.Encryption, agent.Seed));
    }
}

using System.Collections.Immutable;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Enough trustees begin at once, and none waits for ever.</summary>
public class TrusteeTurnTests
{
    [Theory]
    [InlineData(499, 0, new[] { 2, 3, 5, 7 })]
    [InlineData(500, 0, new[] { 2, 3 })]
    [InlineData(500, 1499, new[] { 2, 3 })]
    [InlineData(500, 1500, new[] { 2, 3, 5, 7 })]
    public void The_first_that_are_needed_begin_and_the_others_step_in(int ballots, int milliseconds, int[] expected)
    {
        var council = new Council(3);
        council.OpenVoting();
        Ballot ballot = council.Ballot(0, 0);
        RecordState state = council.State with
        {
            Opening = council.State.Opening with { Body = council.Body with { Threshold = 2 } },
            Qualified = [2, 3, 5, 7],
            Ballots = Enumerable.Range(0, ballots).ToImmutableDictionary(i => new Digest([.. new byte[30], (byte)(i >> 8), (byte)i]), _ => ballot),
        };
        Assert.Equal(expected, state.Qualified.Where(index => TrusteeTurn.IsDue(state, index, TimeSpan.FromMilliseconds(milliseconds))));
    }
}

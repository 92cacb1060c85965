using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Counting what explains a total ends, whatever the total.</summary>
public sealed class ExplanationsTests
{
    [Fact]
    public void Few_voters_are_counted()
    {
        Assert.Equal(1, Explanations.Count([1, 2, 4], [5, 2, 0], 100));
        Assert.Equal(3, Explanations.Count([1, 1, 1], [2, 1, 0], 100));
    }

    [Theory]
    [InlineData(1000, new long[] { 500, 400, 101 })]
    [InlineData(400, new long[] { 381, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1 })]
    public void One_different_weight_among_many_costs_a_bounded_number_of_steps(int voters, long[] counts)
    {
        int[] weights = [2, .. Enumerable.Repeat(1, voters - 1)];
        Assert.Equal(voters + 1, counts.Sum());
        Assert.Null(Explanations.Count(weights, counts, voters + 1, out int steps));
        Assert.InRange(steps, 1, 2_000_001);
    }
}

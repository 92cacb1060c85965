using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Reports;

/// <summary>The algebra of marks, whole: every pair.</summary>
public class MarksTests
{
    private const Mark S = Mark.Supported, U = Mark.Unsupported, F = Mark.Fatal, Q = Mark.Unknown;

    [Theory]
    [InlineData(S, S, S, S)]
    [InlineData(S, U, S, S)]
    [InlineData(S, F, F, S)]
    [InlineData(S, Q, Q, S)]
    [InlineData(U, U, U, F)]
    [InlineData(U, F, F, F)]
    [InlineData(U, Q, Q, Q)]
    [InlineData(F, F, F, F)]
    [InlineData(F, Q, F, Q)]
    [InlineData(Q, Q, Q, Q)]
    public void Both_operators_are_as_specified_in_both_orders(Mark a, Mark b, Mark and, Mark or)
    {
        Assert.Equal((and, and), (a.And(b), b.And(a)));
        Assert.Equal((or, or), (a.Or(b), b.Or(a)));
    }

    [Fact]
    public void Values_become_marks()
    {
        Assert.Equal((S, F, Q), (Marks.Required(true), Marks.Required(false), Marks.Required(null)));
        Assert.Equal((S, U, Q), (Marks.Optional(true), Marks.Optional(false), Marks.Optional(null)));
        Assert.Equal((U, Q, S), (F.Downgraded(), Q.Downgraded(), S.Downgraded()));
    }

    [Theory]
    [InlineData(94UL << 20, "94.0MiB")]
    [InlineData(1023UL << 20, "1023.0MiB")]
    [InlineData(1UL << 30, "1.0GiB")]
    [InlineData(93UL << 28, "23.2GiB")] // 23.25: a tie goes to the even digit
    [InlineData(95UL << 28, "23.8GiB")] // 23.75 likewise
    public void Sizes_are_printed_as_the_old_tool_does(ulong bytes, string text) => Assert.Equal(text, EpcSections.Size(bytes));
}

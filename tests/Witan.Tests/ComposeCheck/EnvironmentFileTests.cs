using Witan.Dstack.ComposeCheck;
using Xunit;

namespace Witan.Tests.ComposeCheck;

public class EnvironmentFileTests
{
    [Theory]
    [InlineData("A=b", "b")]
    [InlineData("  export A = b c  # note", "b c")]
    [InlineData("A='b # \\n $C'", "b # \\n $C")]
    [InlineData("A=\"b\\n\\\"c\\\" \\$D\" # note", "b\n\"c\" $D")]
    [InlineData("A=a=b#c", "a=b#c")]
    [InlineData("A=", "")]
    [InlineData("A=1\r\nA=2\r\n", "2")]
    public void A_line_gives_its_value(string text, string value) =>
        Assert.Equal(value, Assert.Single(EnvironmentFile.Parse(text)).Value);

    [Theory]
    [InlineData("hunter22")]
    [InlineData("1A=hunter22")]
    [InlineData("A='hunter22")]
    [InlineData("A='hunter22' more")]
    public void A_line_that_is_none_is_named_without_its_value(string text)
    {
        var error = Assert.Throws<FormatException>(() => EnvironmentFile.Parse("\n" + text));
        Assert.Contains("line 2", error.Message);
        Assert.DoesNotContain("hunter22", error.Message);
    }
}

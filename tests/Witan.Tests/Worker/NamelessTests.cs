using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>A name is taken out of an argument where it is a word of its own.</summary>
public class NamelessTests
{
    [Theory]
    [InlineData("As the treasurer I object.", "the Treasurer", "As this member I object.")]
    [InlineData("the treasurer: no; THE TREASURER", "the treasurer", "this member: no; this member")]
    [InlineData("pay the workers", "worker", "pay the workers")]
    [InlineData("C++ (a name) and C+++", "C++", "this member (a name) and this member+")]
    [InlineData("nobody", "", "nobody")]
    [InlineData("a b", " ", "a b")]
    public void It_is(string text, string name, string said) => Assert.Equal(said, Nameless.Of(text, name));
}

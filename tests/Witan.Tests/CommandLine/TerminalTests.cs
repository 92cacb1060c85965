using Witan.Cli.CommandLine;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary>Which of the two streams is coloured.</summary>
public class TerminalTests
{
    [Theory]
    [InlineData(null, null, null, true, true)]
    [InlineData(null, null, null, false, false)]
    [InlineData(null, null, "dumb", true, false)]
    [InlineData(null, "0", null, false, false)]
    [InlineData(null, "0", null, true, true)]
    [InlineData(null, "1", null, false, true)]
    [InlineData(null, "", null, false, false)]
    [InlineData("1", "1", null, true, false)]
    [InlineData("", null, null, true, true)]
    public void Colour_follows_the_variables_and_the_stream(string? noColour, string? force, string? term, bool isTerminal, bool coloured) =>
        Assert.Equal(coloured, Terminal.IsColoured(name => name switch { "NO_COLOR" => noColour, "CLICOLOR_FORCE" => force, "TERM" => term, _ => null }, isTerminal));

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Each_stream_has_its_own(bool output, bool error)
    {
        var terminal = new Terminal(TextWriter.Null, TextWriter.Null, output, interactive: false, error);
        Assert.Equal((output, error), (terminal.Doubt("!") != "!", terminal.Warning("!") != "!"));
        terminal.WithoutColour();
        Assert.Equal(("!", "!"), (terminal.Doubt("!"), terminal.Warning("!")));
    }
}

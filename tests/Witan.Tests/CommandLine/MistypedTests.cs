using Witan.Cli.CommandLine;
using Witan.Tests.Cloud;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary>What is mistyped is called by its name, and is never taken for a file.</summary>
public class MistypedTests
{
    [Theory]
    [InlineData("there is no command frobnicate", "frobnicate")]
    [InlineData("there is no command frob", "cvms", "frob")]
    [InlineData("there is no option --bogus", "verify", "--bogus")]
    [InlineData("there is no option --bogus", "audit", "decision.json", "--bogus")]
    [InlineData("--bogus does not exist", "verify", "--", "--bogus")]
    [InlineData("Required argument missing", "sgx-test", "--replay")]
    public async Task It_is_wrong_usage(string message, params string[] arguments)
    {
        CommandRun run = await CommandRun.RunAsync(arguments);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.StartsWith($"witan: error: {message}", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task The_name_alone_shows_what_there_is()
    {
        CommandRun run = await CommandRun.RunAsync([]);
        Assert.Equal(ExitCode.Good, run.Code);
        Assert.Contains("sgx-test", run.Output, StringComparison.Ordinal);
    }
}

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

    [Fact]
    public async Task Every_command_of_the_list_is_found_by_its_name()
    {
        CommandRun all = await CommandRun.RunAsync(["--help"]);
        string[] names = [.. all.Output.Split("Commands:")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => line.Split(' ')[0])];
        Assert.True(names.Length > 15, all.Output);
        foreach (string name in names)
        {
            CommandRun one = await CommandRun.RunAsync([name, "--help"]);
            Assert.Equal(ExitCode.Good, one.Code);
            Assert.Matches($"Usage:\\s+\\S+ {name}( |\n)", one.Output);
        }
    }
}

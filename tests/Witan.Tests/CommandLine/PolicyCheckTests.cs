using Witan.Cli.CommandLine;
using Witan.Tests.Cloud;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary><c>witan policy check</c>: a file that cannot be read is wrong usage, one that is no policy is refused.</summary>
public class PolicyCheckTests
{
    [Theory]
    [InlineData("/proc/self/mem", ExitCode.Usage)] // there, and unreadable for everybody
    [InlineData("/nowhere.json", ExitCode.Usage)]
    [InlineData("/", ExitCode.Usage)]
    [InlineData("/proc/self/stat", ExitCode.Rejected)]
    [InlineData("strict", ExitCode.Good)]
    public async Task The_exit_code_says_whether_it_was_read(string file, int code)
    {
        CommandRun run = await CommandRun.RunAsync(["policy", "check", file]);
        Assert.True(run.Code == code, $"{run.Code} {run.Error}");
    }
}

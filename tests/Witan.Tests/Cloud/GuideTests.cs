using System.Text.RegularExpressions;
using Witan.Cli;
using Witan.Cli.CommandLine;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Cloud;

/// <summary>What <c>docs/deploy.md</c> tells people to type is what the program takes, and what it names is there.</summary>
public sealed partial class GuideTests
{
    private static string Guide { get; } = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "deploy.md"));

    public static TheoryData<string> Commands => [.. Line().Matches(Guide).Select(line => line.Groups[1].Value.Split(" #")[0].Trim()).Distinct(StringComparer.Ordinal)];

    [Fact]
    public void There_are_commands() => Assert.True(Commands.Count > 12);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_command_of_the_guide_is_one_of_the_program_with_these_options(string command)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] path = [.. words.Skip(1).TakeWhile(word => Name().IsMatch(word))];
        var output = new StringWriter();
        var error = new StringWriter();
        // A word behind the last subcommand may be an argument; help does not mind.
        int code = await WitanCommand.RunAsync([.. path, "--help"], new Terminal(output, error, colour: false, interactive: false), TestContext.Current.CancellationToken);
        Assert.Equal((ExitCode.Good, ""), (code, error.ToString()));
        Assert.Matches($@"Usage:\s+\S+ {path[0]}", output.ToString());
        Assert.All(words.Where(word => word.StartsWith("--", StringComparison.Ordinal)), option => Assert.Matches($@"(?m)^\s+(-\w, )?{Regex.Escape(option)}\b", output.ToString()));
    }

    [Fact]
    public void Every_file_that_the_guide_names_is_there()
    {
        string[] named = [.. Link().Matches(Guide).Select(link => Path.Combine("docs", link.Groups[1].Value)), .. OwnFile().Matches(Guide).Select(file => file.Value)];
        Assert.True(named.Length > 10);
        Assert.All(named, file => Assert.True(Path.Exists(Path.Combine(SharedData.Repository, file)), $"there is no {file}"));
    }

    [Fact]
    public async Task The_policy_of_the_guide_is_good()
    {
        string folder = Directory.CreateTempSubdirectory("witan-guide").FullName;
        string policy = Path.Combine(folder, "policy.json");
        await File.WriteAllTextAsync(policy, Policy().Match(Guide).Value, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Good, (await CommandRun.RunAsync(["policy", "check", policy])).Code);
        Directory.Delete(folder, recursive: true);
    }

    [GeneratedRegex(@"^(witan [a-z].*)$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("^[a-z][a-z-]*$")]
    private static partial Regex Name();

    [GeneratedRegex(@"\]\(([a-z/-]+\.md)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<![\w/.])(eng/[\w-]+\.sh|deploy/systemd/[\w.-]+|examples/[\w./-]+)")]
    private static partial Regex OwnFile();

    [GeneratedRegex("""\{"schema":"witan.council-policy/1".*\}""")]
    private static partial Regex Policy();
}

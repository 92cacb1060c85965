using System.Text.RegularExpressions;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Machine;

/// <summary>The examples of README and manual, run as they stand: what a page says is what the program prints.</summary>
public partial class ManualTests
{
    private const string AnyLines = "[...]";

    public static TheoryData<string, string, string> Examples
    {
        get
        {
            string[] pages = [Path.Combine(SharedData.Repository, "README.md"), .. Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "docs", "manual"), "*.md").Order(StringComparer.Ordinal)];
            var data = new TheoryData<string, string, string>();
            foreach (string page in pages)
            {
                foreach (Match block in Console().Matches(File.ReadAllText(page)))
                    data.Add(Path.GetFileName(page), block.Groups[1].Value, block.Groups[2].Value);
            }

            return data;
        }
    }

    [Fact]
    public void There_are_examples() => Assert.True(Examples.Count >= 7);

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task An_example_prints_what_its_page_says(string page, string command, string expected)
    {
        (int exit, string output, string error) = await WitanProgram.RunAsync(TestContext.Current.CancellationToken, command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(error);
        string[] parts = ("\n" + expected.TrimEnd('\n')).Split("\n" + AnyLines);
        string whole = $"\n{output}exit code {exit}";
        Assert.StartsWith(parts[0], whole, StringComparison.Ordinal);
        Assert.EndsWith(parts[^1], whole, StringComparison.Ordinal);
        int at = 0;
        foreach (string part in parts)
        {
            int found = whole.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"{page}: the program does not print, in this order:{part}\n--- it prints:{whole}");
            at = found + part.Length;
        }
    }

    [GeneratedRegex(@"^```console\n\$ witan (.+)\n((?:(?!```).*\n)+)```", RegexOptions.Multiline)]
    private static partial Regex Console();
}

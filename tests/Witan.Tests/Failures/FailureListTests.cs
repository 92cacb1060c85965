using System.Reflection;
using System.Text.RegularExpressions;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>docs/reference/failures.md says for each numbered failure which test shows that it does not occur; this checks that it is true.</summary>
public sealed partial class FailureListTests
{
    [Fact]
    public void Every_failure_has_a_test_of_its_own_name_or_a_sentence()
    {
        string text = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "reference", "failures.md"));
        var rows = Row().Matches(text).ToDictionary(row => row.Groups["id"].Value, row => row.Groups["answer"].Value.Trim(), StringComparer.Ordinal);
        string[] ids =
        [
            .. Enumerable.Range(1, 9).Select(i => $"S{i}"), "P1", .. Enumerable.Range(1, 17).Select(i => $"H{i}"), .. Enumerable.Range(1, 22).Select(i => $"F{i}"),
        ];
        Assert.Equal(ids.Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        foreach (string id in ids)
        {
            string[] tests = [.. Name().Matches(rows[id]).Select(match => match.Groups["name"].Value)];
            Assert.True(tests.Length > 0 || rows[id].Length > 60, $"{id} has neither a test nor a sentence");
            Assert.All(tests, test => Assert.True(Exists(test), $"{id} names {test}, which is no test"));
        }
    }

    // Tests of this assembly by reflection; those of the system tests by their source, which this assembly does not load.
    private static bool Exists(string test)
    {
        (string type, string method) = test.Split('.') is [var one, var two] ? (one, two) : ("", "");
        bool here = Assembly.GetExecutingAssembly().GetTypes().Where(candidate => candidate.Name == type)
            .SelectMany(candidate => candidate.GetMethods())
            .Any(candidate => candidate.Name == method && candidate.GetCustomAttributes().Any(attribute => attribute is FactAttribute));
        return here || Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "tests", "Witan.SystemTests"), $"{type}.cs", SearchOption.AllDirectories)
            .Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\[(Fact|Theory)[^\]]*\](\s*\[[^\n]*\])*\s*public async Task {Regex.Escape(method)}\("));
    }

    [GeneratedRegex(@"^\| (?<id>[SPHF]\d+) \| [^|]+ \| (?<answer>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`(?<name>\w+\.\w+)`")]
    private static partial Regex Name();
}

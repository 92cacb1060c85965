using System.Reflection;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Architecture;

/// <summary>The edges of the design: who may use whom. A new edge is a decision, not an accident.</summary>
public class EdgesTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Witan.Crypto"] = [],
        ["Witan.Attestation"] = ["Witan.Crypto"],
        ["Witan.Machine"] = ["Witan.Crypto", "Witan.Attestation"],
        ["Witan.Dstack"] = ["Witan.Crypto", "Witan.Attestation"],
        ["Witan.Dstack.Simulator"] = ["Witan.Crypto", "Witan.Attestation", "Witan.Dstack"],
        ["Witan.Voting"] = ["Witan.Crypto", "Witan.Attestation"],
        ["Witan.Agent"] = ["Witan.Crypto", "Witan.Attestation", "Witan.Dstack", "Witan.Voting"],
        ["Witan.Coordinator"] = ["Witan.Crypto", "Witan.Attestation", "Witan.Dstack", "Witan.Voting", "Witan.Agent"],
        ["Witan.Worker"] = ["Witan.Crypto", "Witan.Attestation", "Witan.Dstack", "Witan.Voting", "Witan.Agent"],
        ["Witan.Trustee"] = ["Witan.Crypto", "Witan.Attestation", "Witan.Dstack", "Witan.Voting", "Witan.Agent"],
    };

    public static TheoryData<string> Projects => new(Allowed.Keys);

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_those_above_it(string project)
    {
        var used = Assembly.Load(project).GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("Witan.", StringComparison.Ordinal));
        Assert.Empty(used.Except(Allowed[project], StringComparer.Ordinal));
    }

    // A container has no /bin/kill, and what is on a path is whoever's put it there.
    [Fact]
    public void No_program_is_started_but_the_own_one()
    {
        string source = Path.Combine(SharedData.Repository, "src");
        var starts = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(file => (Name: Path.GetRelativePath(source, file), Text: File.ReadAllText(file))).Where(file => file.Text.Contains("ProcessStartInfo", StringComparison.Ordinal) || file.Text.Contains(" Process.Start(", StringComparison.Ordinal));
        // Each of the two starts Environment.ProcessPath, the second as it is told by its caller.
        Assert.Equal(
            ["Witan.Cli/Commands/Up/ChildProcess.cs", "Witan.Machine/Probing/ChildProbe.cs"],
            starts.Select(file => file.Name).Order(StringComparer.Ordinal));
        foreach ((string name, string text) in starts)
        {
            Assert.True(text.Split("new ProcessStartInfo").Length == 2, name);
            Assert.DoesNotContain("ProcessStartInfo(\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("FileName = \"", text, StringComparison.Ordinal);
        }
    }

    // Fuzzing beside many other processes found it: a pattern with a time limit threw out of a verification when the machine had no time for it.
    [Theory]
    [InlineData("Witan.Attestation")]
    [InlineData("Witan.Voting")]
    public void Pure_packages_match_no_patterns_whose_time_can_run_out(string project) =>
        Assert.DoesNotContain(Assembly.Load(project).GetReferencedAssemblies(), name => name.Name == "System.Text.RegularExpressions");

    [Theory]
    [InlineData("Witan.Attestation")]
    [InlineData("Witan.Voting")]
    public void Pure_packages_name_no_way_out(string project)
    {
        string[] banned = ["System.Net.Http", "System.Net.Sockets", "System.IO.FileSystem", "Microsoft.AspNetCore", "Microsoft.Extensions"];
        var used = Assembly.Load(project).GetReferencedAssemblies().Select(name => name.Name!);
        Assert.DoesNotContain(used, name => banned.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "src", project), "*.cs", SearchOption.AllDirectories))
        {
            if (file.Contains("/obj/", StringComparison.Ordinal))
                continue;
            string text = File.ReadAllText(file);
            foreach (string word in new[] { "TimeProvider.System", "Environment.", "File.", "Console." })
                Assert.False(text.Contains(" " + word, StringComparison.Ordinal), $"{file} uses {word}");
        }
    }
}

using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>A recording that is added gets a test, or one of these fails.</summary>
public class CompletenessTests
{
    [Theory]
    [InlineData("tdx")]
    [InlineData("sev")]
    [InlineData("test-sgx")]
    [InlineData("efivars")]
    public void No_file_is_left_out(string folder)
    {
        _ = SharedData.Path();
        string[] sources = [.. Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "tests", "Witan.Tests", "Machine", "Recordings"), "*.cs").Select(File.ReadAllText)];
        string[] files = [.. SharedData.Files($"data/machine/{folder}", "*").Select(file => Path.GetFileName(file))];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Contains(sources, source => source.Contains($"\"{file}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_TDX_host_is_left_out() => Whole("tdx/host_msrs.txt", TeeRecordTests.TdxHosts.Select(row => row.Data.Item1));

    [Fact]
    public void No_SEV_machine_is_left_out() =>
        Whole("sev/cpuid_8000001f.txt", [.. TeeRecordTests.SevMachines.Select(row => row.Data.Item1), SevRowTests.SmallTable, SevRowTests.SnpOff]);

    // Tests name the beginning of a row's first field.
    private static void Whole(string file, IEnumerable<string> names)
    {
        string[] rows = [.. File.ReadLines(SharedData.Path("data", "machine", file)).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(';')[0])];
        string[] found = [.. names.Select(name => Assert.Single(rows, row => row.StartsWith(name, StringComparison.Ordinal)))];
        Assert.Equal(rows.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }
}

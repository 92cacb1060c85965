using Witan.Dstack.Evidence;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack;

/// <summary>Every file of the dstack vectors is read by a test: a new one without a test fails here.</summary>
public class VectorCoverageTests
{
    [Fact]
    public void Every_vector_file_is_named_by_a_test()
    {
        string folder = SharedData.Path("vectors", "dstack");
        string tests = string.Concat(Directory
            .EnumerateFiles(Path.Combine(SharedData.Repository, "tests", "Witan.Tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        string[] files = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Where(name => name != "README.md").Order(StringComparer.Ordinal)];
        Assert.NotEmpty(files);
        Assert.Equal([], files.Where(name => !tests.Contains($"/{name}\"", StringComparison.Ordinal) && !tests.Contains($"\"{name}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_system_configuration_of_the_shipped_simulator_is_read_as_its_vm_config()
    {
        string text = File.ReadAllText(SharedData.Path("vectors", "dstack", "simulator-sys-config.json"));
        Assert.True(VmConfig.TryParse(text, out VmConfig? config, out _));
        Assert.Equal("64f0d1545cd510a8dfed7ad609d105b5d41f0cb2afcfdda8867ede00c88add7a", Convert.ToHexStringLower(config.OsImageHash!.Value.Span));
        Assert.Equal((1L, 2147483648UL, false), (config.CpuCount!.Value, config.MemorySize!.Value, config.IsLite));
    }
}

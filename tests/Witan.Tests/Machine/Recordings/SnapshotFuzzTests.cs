using Witan.Fuzz.Machines;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>A short, seeded run of the fuzz target; <c>eng/fuzz.sh snapshot</c> runs it for ten minutes.</summary>
public class SnapshotFuzzTests
{
    [Theory]
    [InlineData("good")]
    [InlineData("bad")]
    [InlineData("documents")]
    [InlineData("tdx-guest")]
    public void Changed_recordings_are_refused_or_judged_and_written_back(string name) =>
        Holds(File.ReadAllBytes(Path.Combine(SharedData.Repository, "examples", "machines", $"{name}.json")));

    [Theory]
    [InlineData("milan_kvm_guest.cpuid-r.txt")]
    [InlineData("instlatx64/AuthenticAMD0A00F11_K19_Milan_CPUID1.leaves.csv")]
    [InlineData("instlatx64/GenuineIntel00706E5_IceLakeY_CPUID.leaves.csv")]
    public void Changed_dumps_are_refused_or_judged_and_written_back(string name) =>
        Holds(File.ReadAllBytes(SharedData.Path("data", "machine", "cpuid", name)));

    private static void Holds(byte[] sample) => Assert.Equal(0, SnapshotFuzz.Loop().Mutate([sample], 1_000, seed: 1));
}

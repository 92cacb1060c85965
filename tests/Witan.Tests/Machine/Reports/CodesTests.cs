using System.Text.RegularExpressions;
using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Roots;
using Witan.Tests.Machine.Transcripts;
using Xunit;

namespace Witan.Tests.Machine.Reports;

/// <summary>No finding about a machine is without a test or a snapshot in which it comes out.</summary>
public partial class CodesTests
{
    // Stems, to which the way it is missing is added; and names of requests.
    private static readonly string[] s_stems = ["SGX_LAUNCH_DEBUG", "SGX_LAUNCH_PRODUCTION", "SGX_LAUNCH_WHITELISTED", "TDX_GUEST", "SNP_GUEST", "SNP_PLATFORM_STATUS"];

    [Fact]
    public void Every_code_comes_out_somewhere()
    {
        string tests = string.Concat(Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "tests"), "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.Contains("/Snapshots/", StringComparison.Ordinal))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        string[] codes = [.. Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "src", "Witan.Machine", "Checks"), "*.cs")
            .SelectMany(file => Code().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).Distinct(StringComparer.Ordinal)];
        Assert.True(codes.Length > 60, $"only {codes.Length} codes were found");
        Assert.DoesNotContain(codes.Except(s_stems), code => !Regex.IsMatch(tests, $@"\b{code}\b"));
    }

    [Fact]
    public void Of_a_recording_that_holds_nothing_every_line_says_so()
    {
        var report = MachineReport.Judge(new SnapshotBuilder("test").Build());
        Assert.DoesNotContain("✘", TranscriptTests.Print(report, all: true), StringComparison.Ordinal);
        Snapshot.Match("nothing.codes.txt", string.Concat(report.Parts.SelectMany(part => part.Root.Walk()).Where(node => node.Check.Problem is not null)
            .Select(node => $"{node.Check.Id}: {node.Check.Problem!.State}, {node.Check.Problem.Finding.Code}, {node.Check.Problem.ActorName}: {node.Check.Problem.Finding.Message}\n")));
    }

    [Theory]
    [InlineData(Section.Devices, "/dev/sev", "!EPERM", "SNP_FIRMWARE_REFUSED")]
    [InlineData(Section.Devices, "/dev/sev", "!EBUSY", "SNP_FIRMWARE_DEVICE_FAILED")]
    [InlineData(Section.Sockets, "/var/run/dstack.sock", "!ENOENT", "DSTACK_SOCKET_ABSENT")]
    [InlineData(Section.Cpuid, "00000001.00", "00050657 00000000 00000000 00000000", "TDX_HOST_CPU_ABSENT")]
    public void What_no_tree_shows_comes_out_of_its_reading(string section, string key, string reading, string code)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(section == Section.Devices ? TestCpu.Amd(0x0101FD3F) : TestCpu.Intel(0x806F8), to);
        to.Set(Section.Files, SevHost.KvmSnp, "Y").Set(section, key, Reading.Decode(reading));
        Assert.NotEmpty(MachineReport.Judge(to.Build()).Find(code));
    }

    [GeneratedRegex("\"((?:SGX|FLC|AESM|ATTESTATION|TDX|SNP|SEV|GPU|DSTACK)_[A-Z0-9_]+)\"")]
    private static partial Regex Code();
}

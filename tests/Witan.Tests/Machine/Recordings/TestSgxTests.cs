using System.Globalization;
using System.Text.RegularExpressions;
using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Transcripts;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>Registers that another tool printed on four machines, fed in as they stand.</summary>
public partial class TestSgxTests
{
    private const uint CoffeeLake = 0x906ED, KabyLakeR = 0x806EA;

    [Fact]
    public void A_client_with_launch_control_on()
    {
        string text = Read("i7-9700K_FLC_good.txt");
        var to = Leaves(text, CoffeeLake);
        ulong attributes = Number(text, "attributes");
        ulong size = Number(text, "size");
        to.SetCpuid(0x12, 0, 1 | 1u << 11, 0, 0, 36 << 8 | 31).SetCpuid(0x12, 1, (uint)attributes, 0, (uint)Number(text, "xfrm"), 0);
        to.SetCpuid(0x12, 2, (uint)Number(text, "base") | 1, 0, (uint)size | 1, 0).SetCpuid(0x12, 3, 0, 0, 0, 0);
        to.SetMsr(0x3A, Number(text, @"msr\.0x3a")).SetMsr(0x500, Number(text, "SGX_SVN_STATUS"));
        var report = MachineReport.Judge(to.Build());
        Assert.Equal(Mark.Supported, report.Find("flc.cpu-configuration").Single().Check.Mark);
        Assert.Equal("MSR 0x3A = 0x60005: lock 1, SGX_LC (bit 17) 1, SGX (bit 18) 1", report.Find("flc.cpu-configuration").Single().Check.Evidence[0]);
        Assert.Contains("Total EPC size: 93.5MiB", TranscriptTests.Print(report), StringComparison.Ordinal);
        string more = string.Join('\n', report.Find("sgx.attributes").Single().Check.Evidence);
        Assert.Contains("AEX-Notify", more, StringComparison.Ordinal);
        Assert.Contains("EDECCSSA", more, StringComparison.Ordinal);
        Snapshot.Match("i7-9700K.txt", TranscriptTests.Print(report));
    }

    [Fact]
    public void A_client_whose_BIOS_locks_the_launch_key()
    {
        string text = Read("i7-8700_Z370_FLC_locked_by_BIOS.txt");
        var to = Leaves(text, 0x906EA).SetCpuid(0x12, 0, 1, 0, 0, 36 << 8 | 31).SetCpuid(0x12, 1, 0x36, 0, 3, 0).SetMsr(0x3A, 0x40005);
        var report = MachineReport.Judge(to.Build());
        Problem problem = report.Find("flc.cpu-configuration").Single().Check.Problem!;
        Assert.Equal(("FLC_OFF_IN_BIOS", ProblemState.Disabled, Actor.BiosOwner), (problem.Finding.Code, problem.State, problem.Actor));
        Snapshot.Match("i7-8700.txt", TranscriptTests.Print(report));
    }

    [Fact]
    public void A_server_whose_memory_has_no_integrity_protection()
    {
        string text = Read("XeonGold-5315Y_ICX.txt");
        var to = new SnapshotBuilder("printed").SetCpuid(0, 0, 0x1B, 0x756E6547, 0x6C65746E, 0x49656E69);
        foreach (Match leaf in Cpuid().Matches(text))
        {
            uint[] registers = [.. leaf.Groups[3].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(value => uint.Parse(value, NumberStyles.AllowHexSpecifier))];
            uint subleaf = leaf.Groups[2].Length == 0 ? 0 : uint.Parse(leaf.Groups[2].Value);
            to.SetCpuid(uint.Parse(leaf.Groups[1].Value, NumberStyles.AllowHexSpecifier), subleaf, registers[0], registers[1], registers[2], registers[3]);
        }

        var report = MachineReport.Judge(to.Build());
        Assert.Equal(Mark.Supported, report.Find("sgx.epc").Single().Check.Mark);
        Assert.Contains("Total EPC size: 63.6GiB (no integrity protection)", TranscriptTests.Print(report), StringComparison.Ordinal);
        Assert.Contains("EUPDATESVN", string.Join('\n', report.Find("sgx.attributes").Single().Check.Evidence), StringComparison.Ordinal);
        Assert.Equal(AttestationPathKind.DcapOnly, report.AttestationPath);
        Snapshot.Match("XeonGold-5315Y.txt", TranscriptTests.Print(report));
    }

    [Fact]
    public void A_client_without_launch_control()
    {
        var report = MachineReport.Judge(Leaves(Read("i5-8250U_L380_noFLC.txt"), KabyLakeR).Build());
        Problem problem = report.Find("flc.cpu-support").Single().Check.Problem!;
        Assert.Equal(("FLC_CPU_ABSENT", ProblemState.Absent), (problem.Finding.Code, problem.State));
        Assert.Equal(AttestationPathKind.EpidOnly, report.AttestationPath);
        Snapshot.Match("i5-8250U.txt", TranscriptTests.Print(report));
    }

    private static string Read(string name) => File.ReadAllText(SharedData.Path("data", "machine", "test-sgx", name));

    private static SnapshotBuilder Leaves(string text, uint signature)
    {
        Match seven = Seven().Match(text);
        uint Register(int index) => uint.Parse(seven.Groups[index].Value, NumberStyles.AllowHexSpecifier);
        return new SnapshotBuilder("printed").SetCpuid(0, 0, 0x16, 0x756E6547, 0x6C65746E, 0x49656E69).SetCpuid(1, 0, signature, 0, 0, 0)
            .SetCpuid(7, 0, Register(1), Register(2), Register(3), Register(4));
    }

    private static ulong Number(string text, string name) =>
        ulong.Parse(Regex.Match(text, name + "=([0-9a-f]+)").Groups[1].Value, NumberStyles.AllowHexSpecifier);

    [GeneratedRegex(@"cpuid\.7\.0 = (\w{8}) (\w{8}) (\w{8}) (\w{8})")]
    private static partial Regex Seven();

    [GeneratedRegex(@"^cpuid\.([0-9a-f]+)(?:\.(\d+))?=([0-9a-f ]+)", RegexOptions.Multiline)]
    private static partial Regex Cpuid();
}

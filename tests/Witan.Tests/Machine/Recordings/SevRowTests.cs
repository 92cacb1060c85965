using System.Globalization;
using System.Text.RegularExpressions;
using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>What the rows of SEV machines say beside the leaf: registers, the cause that the owner found, the marks of another tool.</summary>
public class SevRowTests
{
    /// <summary>Begin of the row whose registers hold a table that ends where none was reserved; tested beside the leaves.</summary>
    public const string SmallTable = "EPYC 7543/7763 Dell";

    /// <summary>Begin of the row that another tool's marks stand in.</summary>
    public const string SnpOff = "HPE DL325";

    [Fact]
    public void A_processor_whose_BIOS_hides_SNP_has_SEV_and_is_sent_to_its_BIOS()
    {
        string row = Row(SnpOff);
        (string Name, int Bit)[] marks = [("SME", 0), ("SEV", 1), ("ES", 3), ("SNP", 4)];
        uint eax = marks.Aggregate(0u, (bits, mark) => bits | (row.Contains($" {mark.Name} PASS", StringComparison.Ordinal) ? 1u << mark.Bit : 0));
        Assert.Equal(0b1011u, eax);
        Match address = Regex.Match(row, @"PAreduce (\d+) C-bit (\d+)");
        uint lost = uint.Parse(address.Groups[1].Value, CultureInfo.InvariantCulture), bit = uint.Parse(address.Groups[2].Value, CultureInfo.InvariantCulture);
        Check check = Judge(TestCpu.Amd(0).Set(SevFacts.Leaf, 0, eax, lost << 6 | bit, 0, 0), to => to).Find("snp-host.cpu-support").Single().Check;
        Assert.Equal((Mark.Fatal, "SNP_CPU_ABSENT"), (check.Mark, check.Problem!.Finding.Code));
        Assert.Contains("enable SNP in the BIOS", check.Problem.Finding.Remedy, StringComparison.Ordinal);
        Assert.Contains("in the processor: SME, SEV, SEV-ES", check.Evidence);
        Assert.Contains(check.Evidence, line => line.StartsWith("C-bit 51, 5 physical address bits lost,", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0UL, Mark.Unknown, "SNP_BIOS_UNREADABLE")]
    [InlineData(1UL << 23, Mark.Fatal, "SNP_BIOS_SME_OFF")]
    public void Memory_encryption_is_bit_23_of_its_register(ulong cleared, Mark mark, string code)
    {
        // The register of the EPYC Rome, in a processor that has the rest.
        ulong register = ulong.Parse(Regex.Match(Row("EPYC Rome"), "MSR C0010010=([0-9a-f]+)").Groups[1].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        Assert.Equal(0xF40000UL, register);
        Check check = Judge(TestCpu.Amd(0x0101FD3F), to => to.SetMsr(0xC0010010, register & ~cleared)).Find("snp-host.bios").Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem!.Finding.Code));
    }

    [Fact]
    public void A_table_for_which_no_memory_was_reserved_is_the_cause_that_the_owner_found()
    {
        string[] fields = Row("EPYC 7313").Split(';');
        Assert.Contains("Memory for the RMP table has not been reserved by BIOS", fields[2], StringComparison.Ordinal);
        uint[] leaf = [.. fields[1].Split(' ').Select(value => uint.Parse(value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
        // The kernel says that sentence where the registers of the table are zero.
        MachineReport report = Judge(
            TestCpu.Amd(0).Set(SevFacts.Leaf, 0, leaf[0], leaf[1], leaf[2], leaf[3]), to => to.SetMsr(0xC0010010, 0xF40000).SetMsr(0xC0010132, 0).SetMsr(0xC0010133, 0));
        Assert.Equal(Mark.Supported, report.Find("snp-host.cpu-support").Single().Check.Mark);
        Problem problem = report.Find("snp-host.bios").Single().Check.Problem!;
        Assert.Equal(("SNP_BIOS_NO_RMP", ProblemState.Disabled, Actor.BiosOwner), (problem.Finding.Code, problem.State, problem.Actor));
        Assert.Equal(Mark.Fatal, report.MarkOf("snp-host"));
    }

    private static string Row(string name) =>
        File.ReadLines(SharedData.Path("data", "machine", "sev", "cpuid_8000001f.txt")).Single(line => line.StartsWith(name, StringComparison.Ordinal));

    private static MachineReport Judge(TestCpu cpu, Func<SnapshotBuilder, SnapshotBuilder> more)
    {
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(cpu, to);
        return MachineReport.Judge(more(to).Build());
    }
}

using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Transcripts;
using Xunit;

namespace Witan.Tests.Machine.Dumps;

/// <summary>
/// Public dumps of CPUID leaves: what they hold is decoded, and what they do not hold (registers, devices, lost subleaves)
/// is unreadable, never absent.
/// </summary>
public class DumpTests
{
    private const string Folder = "data/machine/cpuid";

    /// <summary>Dump, then check = mark pairs: + supported, - fatal or unsupported, ? unknown.</summary>
    public static TheoryData<string, string> Cases => new()
    {
        { "AuthenticAMD0830F10_K17_Rome_CPUID", "snp-host.cpu-support=-" },
        { "AuthenticAMD0A00F11_K19_Milan_CPUID1", "snp-host.cpu-support=+ snp-host.bios=? snp-host.kvm=? snp-host=?" },
        { "AuthenticAMD0A10F11_K19_Genoa_01_CPUID", "snp-host.cpu-support=-" },
        { "AuthenticAMD0B00F21_K20_Turin_01_CPUID", "snp-host.cpu-support=+ snp-host.bios=? snp-host=?" },
        { "HygonGenuine0900F02_Hygon_CPUID", "" },
        { "GenuineIntel0050657_CascadeLakeXeon_CPUID", "sgx.cpu-support=-" },
        { "GenuineIntel00606A6_ICX_CPUID3", "sgx.cpu-support=+ sgx.cpu-configuration=- flc.cpu-support=+" },
        { "GenuineIntel00706E5_IceLakeY_CPUID", "sgx.instruction-set=+ sgx.feature.sgx2=+ sgx.feature.exinfo=+ sgx.feature.enclv=+ sgx.feature.oversub=+ sgx.feature.kss=+ flc.cpu-support=+ flc.cpu-configuration=? sgx.device=? sgx.library=? sgx.aesm=? sgx.launch=?" },
        { "GenuineIntel00806E9_Kabylake_CPUID2", "sgx.instruction-set=+ sgx.feature.sgx2=- sgx.feature.exinfo=- sgx.feature.kss=- flc.cpu-support=-" },
        { "GenuineIntel00806F8_SapphireRapids_05_CPUID", "sgx.cpu-support=- tdx-host.cpu-support=+ tdx-host.bios=?" },
        { "GenuineIntel00906E9_KabylakeG_CPUID", "sgx.cpu-support=+ sgx.cpu-configuration=+ sgx.attributes=? sgx.epc=? sgx.instruction-set=?" },
        { "GenuineIntel00906ED_CoffeeLake_CPUID", "sgx.cpu-support=+ sgx.cpu-configuration=- flc.cpu-support=+" },
        { "GenuineIntel00C06F2_EmeraldRapids_01_CPUID", "sgx.cpu-support=+ sgx.cpu-configuration=- tdx-host.bios=?" },
        { "milan_kvm_guest.cpuid-r", "snp-guest.status=- sgx.cpu-support=-" },
    };

    [Fact]
    public void No_dump_is_left_out()
    {
        _ = SharedData.Path();
        IEnumerable<string> there = SharedData.Files(Folder + "/instlatx64", "*").Concat(SharedData.Files(Folder, "*.txt")).Select(Name);
        Assert.Equal(Cases.Select(row => row.Data.Item1).Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_dump_gives_the_marks_that_it_can_give(string name, string expected)
    {
        MachineReport report = Judge(name);
        foreach (string pair in expected.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Check check = report.Find(pair[..^2]).First().Check;
            char sign = check.Mark switch { Mark.Supported => '+', Mark.Unknown => '?', _ => '-' };
            Assert.Equal(pair, $"{check.Id}={sign}");
        }

        Snapshot.Match(name + ".txt", TranscriptTests.Print(report));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_dump_does_not_hold_is_unreadable_and_never_absent(string name, string expected)
    {
        _ = expected;
        foreach ((Check check, _) in Judge(name).Parts.Where(part => part.NotHere is null).SelectMany(part => part.Root.Walk()))
        {
            bool fromElsewhere = check.Id is "sgx.device" or "sgx.library" or "sgx.aesm" or "flc.cpu-configuration" or "snp-host.bios" or "snp-host.kvm" or "snp-host.firmware"
                or "tdx-host.kvm" or "tdx-host.module" or "dstack.socket" || check.Id.StartsWith("sgx.launch.", StringComparison.Ordinal);
            if (fromElsewhere)
                Assert.Equal((check.Id, Mark.Unknown, ProblemState.Unreadable), (check.Id, check.Mark, check.Problem!.State));
        }
    }

    [Fact]
    public void Intel_with_SGX_on_shows_its_memory()
    {
        Assert.Contains("Total EPC size: 188.0MiB\n", TranscriptTests.Print(Judge("GenuineIntel00706E5_IceLakeY_CPUID")), StringComparison.Ordinal);
        Assert.Contains("Total EPC size: 93.5MiB\n", TranscriptTests.Print(Judge("GenuineIntel00806E9_Kabylake_CPUID2")), StringComparison.Ordinal);
    }

    [Fact]
    public void Switched_off_is_not_absent()
    {
        foreach (string name in new[] { "GenuineIntel00606A6_ICX_CPUID3", "GenuineIntel00906ED_CoffeeLake_CPUID", "GenuineIntel00C06F2_EmeraldRapids_01_CPUID" })
            Assert.Equal(ProblemState.Disabled, Judge(name).Find("sgx.cpu-configuration").Single().Check.Problem!.State);
        foreach (string name in new[] { "GenuineIntel0050657_CascadeLakeXeon_CPUID", "GenuineIntel00806F8_SapphireRapids_05_CPUID", "milan_kvm_guest.cpuid-r" })
            Assert.Equal(ProblemState.Absent, Judge(name).Find("sgx.cpu-support").Single().Check.Problem!.State);
    }

    [Fact]
    public void The_attestation_path_is_predicted_from_the_processor()
    {
        Assert.Equal(AttestationPathKind.DcapOnly, Judge("GenuineIntel00606A6_ICX_CPUID3").AttestationPath);
        Assert.Equal(AttestationPathKind.DcapIfCertified, Judge("GenuineIntel00706E5_IceLakeY_CPUID").AttestationPath);
        Assert.Equal(AttestationPathKind.EpidOnly, Judge("GenuineIntel00806E9_Kabylake_CPUID2").AttestationPath);
        Assert.Equal(AttestationPathKind.None, Judge("GenuineIntel0050657_CascadeLakeXeon_CPUID").AttestationPath);
    }

    [Fact]
    public void The_limit_of_46_bits_is_named()
    {
        Problem problem = Judge("GenuineIntel00C06F2_EmeraldRapids_01_CPUID").Find("tdx-host.bios").Single().Check.Problem!;
        Assert.Equal("TDX_HOST_46_BITS", problem.Finding.Code);
        Assert.Contains("80000008", problem.Finding.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void AMD_leaves_are_decoded_for_people()
    {
        string milan = string.Join('\n', Judge("AuthenticAMD0A00F11_K19_Milan_CPUID1").Find("snp-host.cpu-support").Single().Check.Evidence);
        Assert.Contains("SEV-SNP, VMPL", milan, StringComparison.Ordinal);
        Assert.Contains("C-bit 51, 5 physical address bits lost, 4 VMPLs", milan, StringComparison.Ordinal);
        string turin = string.Join('\n', Judge("AuthenticAMD0B00F21_K20_Turin_01_CPUID").Find("snp-host.cpu-support").Single().Check.Evidence);
        Assert.Contains("C-bit 51, 6 physical address bits lost", turin, StringComparison.Ordinal);
        Assert.DoesNotContain("page-flush", turin, StringComparison.Ordinal);
        Assert.Contains("in the processor: SME, SEV, SEV-ES, page-flush MSR", Judge("AuthenticAMD0830F10_K17_Rome_CPUID").Find("snp-host.cpu-support").Single().Check.Evidence);
        Assert.Contains("in the processor: SME, SEV, SEV-ES, VMPL, secure TSC", Judge("AuthenticAMD0A10F11_K19_Genoa_01_CPUID").Find("snp-host.cpu-support").Single().Check.Evidence);
    }

    internal static MachineReport Judge(string name)
    {
        string file = name.EndsWith("cpuid-r", StringComparison.Ordinal) ? $"{name}.txt" : $"instlatx64/{name}.leaves.csv";
        string text = File.ReadAllText(SharedData.Path("data", "machine", "cpuid", file));
        Assert.True(SnapshotText.TryRead(text, out MachineSnapshot? snapshot, out string? problem), problem);
        return MachineReport.Judge(snapshot);
    }

    private static string Name(string file) => Path.GetFileName(file).Replace(".leaves.csv", "", StringComparison.Ordinal).Replace(".txt", "", StringComparison.Ordinal);
}

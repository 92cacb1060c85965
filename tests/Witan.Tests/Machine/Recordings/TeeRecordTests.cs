using System.Globalization;
using System.Text.RegularExpressions;
using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>Registers and log lines of real TDX and SEV machines, from their owners' reports: each comes to the cause that was found.</summary>
public partial class TeeRecordTests
{
    /// <summary>Begin of the row, what the owner's machine turned out to be, and which check says so.</summary>
    public static TheoryData<string, string, Mark, string?> TdxHosts => new()
    {
        { "HPE", "tdx-host.bios", Mark.Supported, null },
        { "Canonical", "tdx-host.bios", Mark.Supported, null },
        { "Supermicro", "tdx-host.bios", Mark.Fatal, "TDX_HOST_BIOS_OFF" },
        { "Dell R760", "tdx-host.module", Mark.Fatal, "TDX_MODULE_NOT_LOADED" },
        { "Xeon 8558", "tdx-host.bios", Mark.Fatal, "TDX_HOST_46_BITS" },
        { "SEAMCALL 0x21", "tdx-host.module", Mark.Fatal, "TDX_BIOS_TOO_OLD" },
        { "SEAMCALL 0x22", "tdx-host.module", Mark.Fatal, "TDX_MODULE_TOO_OLD" },
    };

    [Theory]
    [MemberData(nameof(TdxHosts))]
    public void A_TDX_host_stands_on_the_rung_that_was_found(string name, string id, Mark mark, string? code)
    {
        string row = Rows("tdx", "host_msrs.txt").Single(line => line.StartsWith(name, StringComparison.Ordinal));
        string[] fields = row.Split(';');
        uint bits = row.Contains("46 bits", StringComparison.Ordinal) ? 46u : 52u;
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.Intel(0xC06F2, bits: bits), to);
        void Msr(uint register, string text, Func<ulong, ulong> place)
        {
            if (ulong.TryParse(text.Split('(')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value))
                to.SetMsr(register, place(value));
        }

        Msr(0x982, fields[1], value => value << 1);
        Msr(0x1401, fields[2], value => value << 11);
        Msr(0x87, fields[3], value => value << 32);
        Msr(0xA0, fields[4], value => value);
        Msr(0xCE, fields[5], value => value << 27);
        // Without the kernel's word the registers decide, also where they are good.
        bool isUnflagged = row.Contains("no tdx", StringComparison.Ordinal) || mark == Mark.Supported;
        to.Set(Section.Flags, TdxHost.Flag, isUnflagged ? Reading.Of("no") : Reading.NotRecorded);
        foreach (string quoted in (string[])["virt/tdx: module not loaded", "SEAMCALL (0x21) failed: 0xc000090000000000", "0xc000050500000000"])
        {
            string seen = quoted.Replace("virt/tdx: ", "", StringComparison.Ordinal);
            if (row.Contains(seen, StringComparison.Ordinal))
                to.Set(Section.Log, quoted.StartsWith("0x", StringComparison.Ordinal) ? "virt/tdx: SEAMCALL (0x22) failed: " + quoted : quoted, "seen");
        }

        Check check = MachineReport.Judge(to.Build()).Find(id).Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem?.Finding.Code));
    }

    [Fact]
    public void A_good_TDX_host_by_its_log_and_nodes()
    {
        string text = File.ReadAllText(SharedData.Path("data", "machine", "tdx", "host_dmesg_good_dstack.txt"));
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.SapphireRapids, to);
        foreach (string line in text.Split('\n').Where(line => line.StartsWith("virt/tdx", StringComparison.Ordinal)))
            to.Set(Section.Log, line.Trim(), "seen");
        to.Set(Section.Files, TdxHost.KvmTdx, "Y").Set(Section.Flags, TdxHost.Flag, "yes");
        foreach (Match node in Node().Matches(text))
            to.Set(Section.Devices, node.Value, "opened");
        var report = MachineReport.Judge(to.Build());
        Assert.Equal(Mark.Supported, report.Find("tdx-host").First().Check.Mark);
        Assert.Equal(Mark.Supported, report.Find("tdx-host.quoting").Single().Check.Mark);
    }

    [Fact]
    public void TDX_guests_under_KVM_and_under_Hyper_V()
    {
        string text = File.ReadAllText(SharedData.Path("data", "machine", "tdx", "guest_cpuid21.txt"));
        Match leaf = Leaf21().Match(text);
        uint Register(int index) => uint.Parse(leaf.Groups[index].Value, NumberStyles.AllowHexSpecifier);
        var kvm = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.Intel(0x806F8, guest: true).Set(0x21, 0, Register(1), Register(2), Register(3), Register(4)), kvm);
        Assert.Equal(Mark.Supported, MachineReport.Judge(kvm.Build()).Find("tdx-guest.cpuid").Single().Check.Mark);

        uint isolation = uint.Parse(Regex.Match(text, "ebx=0x([0-9a-f]+) \\(").Groups[1].Value, NumberStyles.AllowHexSpecifier);
        foreach ((uint features, Mark mark) in new[] { (1u << 22, Mark.Supported), (1u << 22 | 1u << 12, Mark.Fatal), (0u, Mark.Fatal) })
        {
            var azure = new SnapshotBuilder("reported");
            CpuidProbe.Run(TestCpu.Intel(0x806F8, guest: true).Set(0x40000000, 0, 0x4000000C, 0x7263694D, 0x666F736F, 0x76482074)
                .Set(0x40000003, 0, 0, features, 0, 0).Set(0x4000000C, 0, 0, isolation, 0, 0), azure);
            Assert.Equal(mark, MachineReport.Judge(azure.Build()).Find("tdx-guest.cpuid").Single().Check.Mark);
        }
    }

    /// <summary>Row, whether it is a guest, and check = mark.</summary>
    public static TheoryData<string, bool, string, Mark, string> SevMachines => new()
    {
        { "EPYC 7313", false, "snp-host.cpu-support", Mark.Supported, "SEV-SNP" },
        { "EPYC Milan \"ryan\"", false, "snp-host.cpu-support", Mark.Supported, "VMPL" },
        { "EPYC Rome", false, "snp-host.cpu-support", Mark.Fatal, "SME, SEV, SEV-ES" },
        { "m6a.metal", true, "snp-guest.status", Mark.Unknown, "CPUID 8000001F" },
        { "KVM guest", true, "snp-guest.status", Mark.Fatal, "CPUID 8000001F" },
    };

    [Theory]
    [MemberData(nameof(SevMachines))]
    public void The_SEV_leaf_says_what_the_processor_can_and_no_more(string name, bool guest, string id, Mark mark, string evidence)
    {
        string[] fields = Rows("sev", "cpuid_8000001f.txt").Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split(';');
        uint[] registers = [.. fields[1].Split(' ').Select(value => uint.Parse(value, NumberStyles.AllowHexSpecifier))];
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.Amd(0, guest).Set(0x8000001F, 0, registers[0], registers[1], registers[2], registers[3]), to);
        var report = MachineReport.Judge(to.Build());
        Check check = report.Find(id).Single().Check;
        Assert.Equal(mark, check.Mark);
        Assert.Contains(evidence, string.Join('\n', check.Evidence), StringComparison.Ordinal);
        // Can is not usable: no dump of the leaf alone makes a host or a guest.
        Assert.NotEqual(Mark.Supported, report.MarkOf("snp-host"));
        Assert.NotEqual(Mark.Supported, report.MarkOf("snp-guest"));
    }

    [Fact]
    public void A_table_that_the_BIOS_did_not_reserve()
    {
        string row = Rows("sev", "cpuid_8000001f.txt").Single(line => line.Contains("C0010133", StringComparison.Ordinal));
        ulong end = ulong.Parse(Regex.Match(row, "C0010133=([0-9a-f]+)").Groups[1].Value, NumberStyles.AllowHexSpecifier);
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.Amd(0x0101FD3F), to);
        to.SetMsr(0xC0010132, 0).SetMsr(0xC0010133, end);
        Assert.Equal("SNP_BIOS_NO_RMP", MachineReport.Judge(to.Build()).Find("snp-host.bios").Single().Check.Problem!.Finding.Code);
    }

    [Theory]
    [InlineData(0xC0010010u)]
    [InlineData(0xC0010132u)]
    [InlineData(0xC0010133u)]
    public void A_register_that_is_not_recorded_is_no_missing_table(uint missing)
    {
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.Amd(0x0101FD3F), to);
        to.SetMsr(0xC0010010, 1u << 23).SetMsr(0xC0010132, 0x1000000).SetMsr(0xC0010133, 0x2000000);
        Assert.Null(MachineReport.Judge(to.Build()).Find("snp-host.bios").Single().Check.Problem);
        to.Set(Section.Msr, SnapshotBuilder.MsrKey(missing), Reading.NotRecorded);
        Check check = MachineReport.Judge(to.Build()).Find("snp-host.bios").Single().Check;
        Assert.Equal((Mark.Unknown, "SNP_BIOS_UNREADABLE"), (check.Mark, check.Problem!.Finding.Code));
        Assert.Contains($"0x{missing:X}", check.Problem.Finding.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x1401u, Mark.Fatal, "TDX_HOST_NO_SEAM")]
    [InlineData(0x1400u, Mark.Unknown, "TDX_HOST_BIOS_UNREADABLE")]
    public void A_processor_without_the_register_of_the_range_has_no_TDX(uint missing, Mark mark, string code)
    {
        var to = new SnapshotBuilder("reported");
        CpuidProbe.Run(TestCpu.SapphireRapids, to);
        to.Set(Section.Flags, TdxHost.Flag, "no").Set(Section.Msr, SnapshotBuilder.MsrKey(missing), Reading.Failed("EIO")).SetMsr(0x982, 2);
        Check check = MachineReport.Judge(to.Build()).Find("tdx-host.bios").Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem!.Finding.Code));
        if (mark == Mark.Fatal)
            Assert.Equal((ProblemState.Absent, Actor.ChipVendor), (check.Problem.State, check.Problem.Actor));
    }

    [Fact]
    public void What_is_recorded_is_shown()
    {
        var to = new SnapshotBuilder("reported").Set(Section.Files, TdxGuest.EventLog, "present").Set(Section.Flags, "sme", "yes").Set(Section.Arguments, "mem_encrypt", "on").SetMsr(0x981, 0x7F00000000000);
        var report = MachineReport.Judge(to.Build());
        foreach ((string id, string seen) in new[] { ("tdx-guest.cpuid", "CCEL: present"), ("snp-host.bios", "flag sme: yes"), ("snp-host.kvm", "mem_encrypt: on"), ("tdx-host.bios", "MSR 0x981 = 0x7f00000000000") })
            Assert.Contains(report.Find(id).Single().Check.Evidence, line => line.EndsWith(seen, StringComparison.Ordinal));
    }

    [Fact]
    public void A_BIOS_variable_as_the_kernel_shows_it()
    {
        string note = File.ReadAllText(SharedData.Path("data", "machine", "efivars", "notes.txt"));
        byte[] raw = [.. Regex.Match(note, @"raw = ([0-9 |]+)").Groups[1].Value.Split([' ', '|'], StringSplitOptions.RemoveEmptyEntries).Select(value => byte.Parse(value, NumberStyles.AllowHexSpecifier))];
        using var root = new FakeRoot();
        root.Efi(EfiVariables.Status, raw[4..]);
        MachineSnapshot snapshot = root.Probe(TestCpu.Intel(0x906EB, sgx: 1, highest: 0x16));
        Assert.Equal(1, EfiVariables.SgxStatus(snapshot));
        Assert.Equal("SGX_BIOS_CLAIMS_ON", MachineReport.Judge(snapshot).Find("sgx.cpu-configuration").Single().Check.Problem!.Finding.Code);
    }

    [Theory]
    [InlineData("0137000103000000000000000000000000000000000000000000000000000000", "SNP_FIRMWARE", Mark.Fatal)] // alias check not done
    [InlineData("0137000203000000000000000000000000000000000000000000000000000000", "SNP_FIRMWARE", Mark.Fatal)] // table not initialised
    [InlineData("0132000303000000000000000000000000000000000000000000000000000000", "SNP_FIRMWARE", Mark.Fatal)] // 1.50
    [InlineData("0137000303000000000000000000000000000000000000000000000000000000", null, Mark.Supported)] // 1.55
    public void The_firmware_says_its_version_and_state(string status, string? code, Mark mark)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Amd(0x0101FD3F), to);
        to.Set(Section.Files, SevHost.KvmSnp, "Y").Set(Section.Devices, "/dev/sev", "opened").Set(Section.Requests, SevHost.StatusRequest, status);
        var report = MachineReport.Judge(to.Build());
        Check check = report.Find("snp-host.firmware").Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem?.Finding.Code));
        Assert.Equal(mark, report.MarkOf("snp-host"));
    }

    private static IEnumerable<string> Rows(string folder, string name) =>
        File.ReadLines(SharedData.Path("data", "machine", folder, name)).Where(line => line.Length > 0 && line[0] != '#');

    [GeneratedRegex(@"/dev/sgx_\w+")]
    private static partial Regex Node();

    [GeneratedRegex("0x00000021 0x00: eax=0x(\\w+) ebx=0x(\\w+) ecx=0x(\\w+) edx=0x(\\w+)")]
    private static partial Regex Leaf21();
}

using Witan.Machine;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Machine.Transcripts;

/// <summary>
/// Recorded outputs of the tools that this command replaces: with the values that their machines must have had, every line
/// of the three categories comes out with the same mark, and where the old tool misled, the cause is better.
/// </summary>
public class TranscriptTests
{
    private const uint IceLakeServer = 0x606A6;

    /// <summary>Transcript, the processor where another place names it, and codes that a reader now gets and did not get before.</summary>
    public static TheoryData<string, uint, string[]> Cases => new()
    {
        { "phala/seed_sgx-test_tier5.txt", 0x906ED, ["FLC_CONFIGURATION_UNREADABLE"] },
        { "phala/wiki_bad_flc_disabled_annotated.txt", 0x906ED, ["FLC_OFF_IN_BIOS", "SGX_LAUNCH_PRODUCTION_FAILED"] },
        { "sgx-detect/deeps-mining_16GiB_noaesm.txt", 0x806EA, ["FLC_CONFIGURATION_UNREADABLE", "SGX_LIBRARY_ABSENT", "AESM_ABSENT"] },
        { "sgx-detect/integritee-1125_ICX_31GiB_allgreen_then_RA_fails.txt", IceLakeServer, ["ATTESTATION_NOT_TRIED"] },
        { "sgx-detect/nixpkgs-129432_client_good.txt", 0x906EA, ["FLC_CONFIGURATION_UNREADABLE"] },
        { "sgx-detect/phala-blockchain-229_noFLC.txt", 0x806EA, ["FLC_CPU_ABSENT", "ATTESTATION_EPID_ONLY"] },
        { "sgx-detect/phala-blockchain-912_ICX_4GiB_isgx.txt", IceLakeServer, ["FLC_CONFIGURATION_UNREADABLE", "SGX_LAUNCH_PRODUCTION_FAILED"] },
        { "sgx-detect/rust-sgx-080_XeonE_FLC_legacy_driver.txt", 0x906EA, ["SGX_LAUNCH_PRODUCTION_FAILED", "SGX_LIBRARY_ABSENT"] },
        { "sgx-detect/rust-sgx-081_noFLC_nolib.txt", 0x906E9, ["SGX_LIBRARY_ABSENT", "ATTESTATION_EPID_ONLY"] },
        { "sgx-detect/rust-sgx-220_dev_noexec.txt", 0x906ED, ["SGX_DEVICE_NOEXEC"] },
        { "sgx-detect/swisstronik_92.2_allfeatures_good.txt", 0x706E5, [] },
    };

    [Fact]
    public void No_transcript_is_left_out()
    {
        _ = SharedData.Path();
        IEnumerable<string> there = new[] { "sgx-detect", "phala" }
            .SelectMany(folder => SharedData.Files($"data/machine/{folder}", "*.txt").Select(file => $"{folder}/{Path.GetFileName(file)}"));
        Assert.Equal(Cases.Select(row => row.Data.Item1).Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_marks_are_those_of_the_old_tool(string file, uint signature, string[] codes)
    {
        string text = File.ReadAllText(SharedData.Path("data", "machine", file));
        var report = MachineReport.Judge(ImpliedSnapshot.Of(text, signature));
        string ours = Print(report);
        IReadOnlyList<TreeLine> expected = Transcript.Read(text);
        // Before its time the old tool had no mark for key separation.
        bool hasKss = expected.Any(line => line.Label == "KSS");
        Assert.Equal(expected, Transcript.Read(ours).Where(line => hasKss || line.Label != "KSS"));
        if (text.Contains("all set to start running SGX programs", StringComparison.Ordinal))
            Assert.Contains(ReportText.AllSet, ours, StringComparison.Ordinal);

        Assert.Empty(codes.Except(Codes(report)));
        Snapshot.Match(Path.GetFileName(file), ours);
    }

    [Fact]
    public void A_missing_library_says_whether_it_matters()
    {
        Problem problem = Problem("sgx-detect/deeps-mining_16GiB_noaesm.txt", 0x806EA, "SGX_LIBRARY_ABSENT");
        Assert.Contains("does not matter", problem.Finding.Message, StringComparison.Ordinal);
        Assert.Equal(Actor.Nobody, problem.Actor);
    }

    [Fact]
    public void A_legacy_driver_on_a_processor_with_launch_control_is_named()
    {
        foreach (string file in new[] { "sgx-detect/rust-sgx-080_XeonE_FLC_legacy_driver.txt", "sgx-detect/phala-blockchain-912_ICX_4GiB_isgx.txt" })
        {
            Problem problem = Problem(file, IceLakeServer, "SGX_LAUNCH_PRODUCTION_FAILED");
            Assert.Contains("legacy driver", problem.Finding.Why, StringComparison.Ordinal);
            Assert.Contains("5.11", problem.Finding.Remedy, StringComparison.Ordinal);
            Assert.Equal(Actor.KernelOwner, problem.Actor);
        }
    }

    [Fact]
    public void All_green_and_no_EPID_is_said_before_anybody_tries()
    {
        string text = File.ReadAllText(SharedData.Path("data", "machine", "sgx-detect", "integritee-1125_ICX_31GiB_allgreen_then_RA_fails.txt"));
        var report = MachineReport.Judge(ImpliedSnapshot.Of(text, IceLakeServer));
        Assert.Equal(AttestationPathKind.DcapOnly, report.AttestationPath);
        Assert.Contains("Prediction: DCAP only; Ice Lake-SP has no EPID", Print(report), StringComparison.Ordinal);
    }

    [Fact]
    public void The_noexec_mount_is_named_with_its_remedy()
    {
        Problem problem = Problem("sgx-detect/rust-sgx-220_dev_noexec.txt", 0x906ED, "SGX_DEVICE_NOEXEC");
        Assert.Contains("/dev, which is mounted noexec", problem.Finding.Message, StringComparison.Ordinal);
        Assert.Contains("mount -o remount,exec /dev", problem.Finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreadable_register_asks_for_nothing_where_production_mode_launched()
    {
        Problem problem = Problem("phala/seed_sgx-test_tier5.txt", 0x906ED, "FLC_CONFIGURATION_UNREADABLE");
        Assert.Equal((ProblemState.Unreadable, Actor.Nobody), (problem.State, problem.Actor));
        Assert.Equal("Nothing to do.", problem.Finding.Remedy);
    }

    internal static string Print(MachineReport report, bool all = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        ReportText.Write(output, report, new ReportStyle { All = all });
        return output.ToString();
    }

    private static Problem Problem(string file, uint signature, string code)
    {
        string text = File.ReadAllText(SharedData.Path("data", "machine", file));
        return MachineReport.Judge(ImpliedSnapshot.Of(text, signature)).Find(code).First().Check.Problem!;
    }

    private static IEnumerable<string> Codes(MachineReport report) =>
        report.Parts.SelectMany(part => part.Root.Walk()).Select(node => node.Check.Problem?.Finding.Code ?? "").Distinct(StringComparer.Ordinal);
}

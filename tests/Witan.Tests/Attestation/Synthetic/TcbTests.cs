using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Fuzz.Pki;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>Statuses that real data does not have: every combination of platform, quoting enclave and module, and relaunch.</summary>
public class TcbTests
{
    private static readonly string[] Platform =
        ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked"];

    private static readonly string[] Part = ["UpToDate", "OutOfDate", "Revoked"];

    [Fact]
    public void Every_combination_converges_by_Intels_table()
    {
        foreach (string platform in Platform)
        {
            foreach (string qe in Part)
            {
                Assert.Equal(Converged(platform, qe, "UpToDate"), Status(false, platform, qe, "UpToDate"));
                foreach (string module in Part)
                    Assert.Equal(Converged(platform, qe, module), Status(true, platform, qe, module));
            }
        }
    }

    // Table of the specification, written out.
    private static string Converged(string platform, string qe, string module)
    {
        if (qe == "Revoked" || module == "Revoked")
            return "Revoked";
        bool old = qe == "OutOfDate" || module == "OutOfDate";
        return (old, platform) switch
        {
            (true, "UpToDate" or "SWHardeningNeeded") => "OutOfDate",
            (true, "ConfigurationNeeded" or "ConfigurationAndSWHardeningNeeded") => "OutOfDateConfigurationNeeded",
            _ => platform,
        };
    }

    private static string? Status(bool tdx, string platform, string qe, string module)
    {
        var authority = new TestAuthority(tdx);
        Set(authority.TcbInfo["tcbLevels"]![0]!, platform);
        Set(authority.QeIdentity["tcbLevels"]![0]!, qe);
        if (tdx)
            Set(authority.TcbInfo["tdxModuleIdentities"]![0]!["tcbLevels"]![0]!, module);
        Judgement judgement = Judgement.Of(authority);
        if (judgement.Facts!.Tcb!.Status is { } status and not TcbStatus.UpToDate)
            Assert.Contains(judgement.Codes, code => code.StartsWith("TCB_", StringComparison.Ordinal));
        Assert.Equal(qe == "OutOfDate", judgement.Codes.Contains("QE_OUT_OF_DATE"));
        Assert.Equal(qe == "Revoked", judgement.Codes.Contains("QE_REVOKED"));
        Assert.Equal(tdx && module == "OutOfDate", judgement.Codes.Contains("TDX_MODULE_OUT_OF_DATE"));
        Assert.Equal(tdx && module == "Revoked", judgement.Codes.Contains("TDX_MODULE_REVOKED"));
        return judgement.Facts.Tcb.Status?.ToString();
    }

    private static void Set(JsonNode level, string status) => level["tcbStatus"] = status;

    [Theory]
    [InlineData("OutOfDate", "UpToDate", "RelaunchAdvised")]
    [InlineData("OutOfDate", "SWHardeningNeeded", "RelaunchAdvised")]
    [InlineData("OutOfDate", "ConfigurationNeeded", "RelaunchAdvisedConfigurationNeeded")]
    [InlineData("OutOfDate", "ConfigurationAndSWHardeningNeeded", "RelaunchAdvisedConfigurationNeeded")]
    [InlineData("OutOfDateConfigurationNeeded", "UpToDate", "RelaunchAdvisedConfigurationNeeded")]
    [InlineData("OutOfDate", "OutOfDate", "OutOfDate")]
    [InlineData("UpToDate", "OutOfDate", "UpToDate")]
    [InlineData("Revoked", "UpToDate", "Revoked")]
    [InlineData("ConfigurationNeeded", "UpToDate", "ConfigurationNeeded")]
    public void Launch_and_current_make_relaunch(string launch, string current, string expected)
    {
        var authority = new TestAuthority(tdx: true);
        authority.Quote.Version = 5;
        authority.Quote.BodyType = 3;
        authority.Quote.Body = TestDocuments.TdReport(648);
        // Launched with the second level's microcode, running with the first's.
        authority.Quote.Body[2] = 2;
        var levels = (JsonArray)authority.TcbInfo["tcbLevels"]!;
        levels.Clear();
        levels.Add(TestDocuments.Level(5, 13, [0, 0, 4], current, "2025-02-01"));
        levels.Add(TestDocuments.Level(5, 13, [0, 0, 2], launch, "2024-02-01", "INTEL-SA-00001"));
        Judgement judgement = Judgement.Of(authority);
        TcbFacts tcb = judgement.Facts!.Tcb!;
        Assert.Equal(expected, tcb.Status?.ToString());
        Assert.Equal(launch, tcb.Launch.Status?.ToString());
        Assert.Equal(current, tcb.Current.Status?.ToString());
        Assert.Equal(["INTEL-SA-00001"], tcb.AdvisoryIds);
        // The host has what the TD was launched without: only the TD's owner can do something.
        bool relaunch = expected.StartsWith("Relaunch", StringComparison.Ordinal);
        if (relaunch)
            Assert.Equal(FindingActor.WorkloadOwner, judgement.Findings.Single(finding => finding.Code.StartsWith("TCB_", StringComparison.Ordinal)).Actor);
        if (current == "UpToDate" && launch != current)
            Assert.Equal([("TDX component 2", 2, 4, "relaunch of the TD")], tcb.Shortfall.Select(item => (item.Component, item.Have, item.Need, item.Update)));
        Assert.Equal(relaunch, judgement.Codes.Any(code => code.StartsWith("TCB_RELAUNCH_ADVISED", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_levels_above_say_what_each_asks_for_and_which_advisories_it_ends()
    {
        var authority = new TestAuthority(tdx: false);
        var levels = (JsonArray)authority.TcbInfo["tcbLevels"]!;
        levels.Clear();
        levels.Add(TestDocuments.Level(9, 13, null, "OutOfDate", "2026-05-01"));
        levels.Add(TestDocuments.Level(8, 13, null, "SWHardeningNeeded", "2026-04-01", "INTEL-SA-00001"));
        levels.Add(TestDocuments.Level(5, 14, null, "OutOfDate", "2026-03-01", "INTEL-SA-00001", "INTEL-SA-00002"));
        levels.Add(TestDocuments.Level(5, 13, null, "OutOfDate", "2026-02-01", "INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003"));
        levels.Add(TestDocuments.Level(4, 13, null, "OutOfDate", "2026-01-01", "INTEL-SA-00004"));
        TcbFacts tcb = Judgement.Of(authority).Facts!.Tcb!;
        Assert.Equal(TcbStatus.OutOfDate, tcb.Status);
        // The best status is two levels up; what lies above that would be worse, and what lies below is reached.
        Assert.Equal(2, tcb.Steps.Count);
        Assert.Equal([("PCESVN", 13, 14)], tcb.Steps[0].Needs.Select(item => (item.Component, item.Have, item.Need)));
        Assert.Equal(["INTEL-SA-00003"], tcb.Steps[0].Removes);
        Assert.Equal((TcbStatus.SWHardeningNeeded, 8), (tcb.Steps[1].Status, tcb.Steps[1].Needs.Count));
        Assert.Equal(["INTEL-SA-00002"], tcb.Steps[1].Removes);
        Assert.Equal(tcb.Shortfall, tcb.Steps[1].Needs);
        Assert.Empty(Judgement.Of(new TestAuthority(tdx: true)).Facts!.Tcb!.Steps);
    }

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["the platform as it is"] = new(true, _ => { }, null),
        ["current SVNs match no level"] = new(true, a =>
        {
            V5(a);
            a.Quote.Body[584 + 2] = 1;
        }, "TCB_LEVEL_UNSUPPORTED"),
        ["module of version 2 launched, version 1 running"] = new(true, a =>
        {
            V5(a);
            a.Quote.Body[0] = 1;
            a.Quote.Body[1] = 2;
        }, null),
        ["module version 0 is judged by the platform's components"] = new(true, a =>
        {
            a.Quote.Body[0] = 4;
            a.Quote.Body[1] = 0;
            Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb")["tdxtcbcomponents"]![0]!["svn"] = 5;
        }, null, "TCB_OUT_OF_DATE"),
        ["module version 1 is not"] = new(true, a =>
        {
            Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb")["tdxtcbcomponents"]![0]!["svn"] = 9;
            Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb")["tdxtcbcomponents"]![1]!["svn"] = 9;
        }, null),
        ["QE below all levels"] = new(true, a => a.Quote.QeReport[258] = 5, "TCB_LEVEL_UNSUPPORTED"),
        ["module below all levels"] = new(true, a => a.Quote.Body[0] = 2, "TCB_LEVEL_UNSUPPORTED"),
        ["platform below all levels"] = new(true, a => a.Extension.PceSvn = 10, "TCB_LEVEL_UNSUPPORTED"),
        ["components of 255 and PCESVN of 65535"] = new(false, a =>
        {
            a.Extension.Components = [.. Enumerable.Repeat(255, 16)];
            a.Extension.PceSvn = 65535;
        }, null),
        ["unknown status"] = new(false, a => Set(a.TcbInfo["tcbLevels"]![1]!, "Splendid"), "TCB_INFO_INVALID"),
        ["module status of a platform"] = new(true, a => Set(a.TcbInfo["tdxModuleIdentities"]![0]!["tcbLevels"]![0]!, "ConfigurationNeeded"), "TCB_LEVEL_UNSUPPORTED"),
        ["levels in ascending order"] = new(true, a =>
        {
            var levels = (JsonArray)a.TcbInfo["tcbLevels"]!;
            JsonNode first = levels[0]!;
            levels.RemoveAt(0);
            levels.Add(first);
        }, null),
        ["levels that differ in TDX components only, wrong way round"] = new(true, a =>
        {
            var levels = (JsonArray)a.TcbInfo["tcbLevels"]!;
            levels.Insert(0, TestDocuments.Level(5, 13, [0, 0, 3], "OutOfDate", "2024-05-01"));
        }, null),
        ["two levels with one key"] = new(false, a => ((JsonArray)a.TcbInfo["tcbLevels"]!).Add(a.TcbInfo["tcbLevels"]![0]!.DeepClone()), "TCB_INFO_INVALID"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Levels(string name) => Judgement.Check(Cases, name);

    [Fact]
    public void One_below_in_any_place_is_the_lower_level_and_the_shortfall_says_which()
    {
        for (int place = 0; place < 16 + 1 + 16; place++)
        {
            var authority = new TestAuthority(tdx: true);
            JsonObject tcb = Judgement.At(authority.TcbInfo, "tcbLevels", 0, "tcb"), lower = Judgement.At(authority.TcbInfo, "tcbLevels", 1, "tcb");
            string? expected;
            if (place < 16)
            {
                authority.Extension.Components[place] = 7;
                tcb["sgxtcbcomponents"]![place]!["svn"] = 8;
                lower["sgxtcbcomponents"]![place]!["svn"] = 7;
                expected = $"SGX component {place} 7 8";
            }
            else if (place == 16)
            {
                authority.Extension.PceSvn = 12;
                expected = "PCESVN 12 13";
            }
            else
            {
                int i = place - 17;
                if (i < 2)
                    continue;
                authority.Quote.Body[i] = 3;
                tcb["tdxtcbcomponents"]![i]!["svn"] = 4;
                expected = $"TDX component {i} 3 4";
            }

            TcbFacts facts = Judgement.Of(authority).Facts!.Tcb!;
            Assert.Equal(TcbStatus.OutOfDate, facts.Status);
            TcbShortfall item = Assert.Single(facts.Shortfall);
            Assert.Equal(expected, $"{item.Component} {item.Have} {item.Need}");
        }
    }

    [Theory]
    [InlineData("2026-01-01", "2025-01-01", "2025-01-01")]
    [InlineData("2025-01-01", "2026-01-01", "2025-01-01")]
    [InlineData("2026-01-01", "2026-01-01", "2024-12-31")]
    public void The_date_is_the_earliest_of_platform_QE_and_module(string platform, string qe, string module)
    {
        var authority = new TestAuthority(tdx: true);
        authority.TcbInfo["tcbLevels"]![0]!["tcbDate"] = platform + "T00:00:00Z";
        authority.QeIdentity["tcbLevels"]![0]!["tcbDate"] = qe + "T00:00:00Z";
        authority.TcbInfo["tdxModuleIdentities"]![0]!["tcbLevels"]![0]!["tcbDate"] = module + "T00:00:00Z";
        string earliest = new[] { platform, qe, module }.Min(StringComparer.Ordinal)!;
        Assert.Equal(earliest, $"{Judgement.Of(authority).Facts!.Tcb!.Date:yyyy-MM-dd}");
    }

    private static void V5(TestAuthority authority)
    {
        authority.Quote.Version = 5;
        authority.Quote.BodyType = 3;
        authority.Quote.Body = TestDocuments.TdReport(648);
    }
}

using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Fuzz.Pki;
using Witan.Tests.Attestation.Ias;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>What mends each status, in whole: a status of two parts has two things to do, and advisories are named where there are any.</summary>
public class RemedyTests
{
    [Theory]
    [InlineData("SWHardeningNeeded", false, "Nobody on this host can fix it: build the workload with the mitigations.")]
    [InlineData("SWHardeningNeeded", true, "Nobody on this host can fix it: build the workload with the mitigations that the advisories name.")]
    [InlineData("ConfigurationNeeded", false, "Change the BIOS settings that leave the platform open.")]
    [InlineData("ConfigurationNeeded", true, "Change the BIOS settings that the advisories name.")]
    [InlineData("ConfigurationAndSWHardeningNeeded", false, "Change the BIOS settings that leave the platform open. Build the workload with the mitigations.")]
    [InlineData("ConfigurationAndSWHardeningNeeded", true, "Change the BIOS settings that the advisories name. Build the workload with the mitigations that the advisories name.")]
    [InlineData("OutOfDate", false, "Update BIOS with newer microcode; PCE (platform software), then register the platform again.")]
    [InlineData("OutOfDateConfigurationNeeded", false, "Update BIOS with newer microcode; PCE (platform software), then register the platform again. Change the BIOS settings that leave the platform open.")]
    [InlineData("OutOfDateConfigurationNeeded", true, "Update BIOS with newer microcode; PCE (platform software), then register the platform again. Change the BIOS settings that the advisories name.")]
    [InlineData("Revoked", true, "Move the workload to another platform.")]
    public void Every_status_has_its_whole_remedy(string status, bool advised, string remedy)
    {
        var authority = new TestAuthority(tdx: false);
        var levels = (JsonArray)authority.TcbInfo["tcbLevels"]!;
        levels.Clear();
        levels.Add(TestDocuments.Level(6, 14, null, "UpToDate", "2026-02-01"));
        foreach (JsonNode? component in (JsonArray)levels[0]!["tcb"]!["sgxtcbcomponents"]!)
            component!["category"] = "BIOS";
        levels.Add(TestDocuments.Level(5, 13, null, status, "2026-01-01", advised ? ["INTEL-SA-00001"] : []));
        Assert.Equal(remedy, Judgement.Of(authority).Findings.Single(finding => finding.Code.StartsWith("TCB_", StringComparison.Ordinal)).Remedy);
    }

    [Theory]
    [InlineData("BIOS", null, "BIOS with newer microcode")]
    [InlineData("BIOS", "Early Microcode Update", "BIOS with newer microcode")]
    [InlineData("OS/VMM", "SGX Late Microcode Update", "microcode loaded by the OS or VMM")]
    [InlineData("OS/VMM", "TXT SINIT", "SINIT module")]
    [InlineData("OS/VMM", "SEAMLDR ACM", "SEAM loader")]
    [InlineData("OS/VMM", "Something new", "what Intel calls Something new")]
    [InlineData(null, null, "not named by Intel; see the advisories")]
    public void A_component_is_raised_by_what_Intel_says_that_it_is(string? category, string? type, string update)
    {
        var authority = new TestAuthority(tdx: false);
        var levels = (JsonArray)authority.TcbInfo["tcbLevels"]!;
        levels.Clear();
        levels.Add(TestDocuments.Level(5, 13, null, "UpToDate", "2026-02-01"));
        JsonObject component = Judgement.At(levels, 0, "tcb", "sgxtcbcomponents", 3);
        component["svn"] = 6;
        if (category is not null)
            component["category"] = category;
        if (type is not null)
            component["type"] = type;
        levels.Add(TestDocuments.Level(5, 13, null, "OutOfDate", "2026-01-01"));
        TcbShortfall item = Assert.Single(Judgement.Of(authority).Facts!.Tcb!.Shortfall);
        Assert.Equal(("SGX component 3", 5, 6, update), (item.Component, item.Have, item.Need, item.Update));
    }

    [Theory(SkipTestWithoutData = true)]
    [InlineData("v3-sgx-2008020f8e8a")]
    public void A_component_that_is_a_setting_is_called_one(string quote)
    {
        string name = SharedCase(quote);
        TcbFacts tcb = QuoteCase.Load(name).Verify().Tcb!;
        TcbShortfall item = Assert.Single(tcb.Shortfall);
        Assert.Equal(("SGX component 6", 0, 1, "a BIOS setting"), (item.Component, item.Have, item.Need, item.Update));
        Assert.Equal(TcbStatus.SWHardeningNeeded, tcb.TargetStatus);
    }

    [Theory]
    [InlineData("", "Change these BIOS settings: Hyper-Threading off, integrated graphics off, overclocking and power-saving features off. Build the enclave with the mitigations.")]
    [InlineData(",\"advisoryIDs\":[\"INTEL-SA-00334\"]", "Change the BIOS settings that the advisories name: Hyper-Threading off, integrated graphics off, overclocking and power-saving features off. Build the enclave with the mitigations that the advisories name.")]
    public void A_reports_status_of_two_parts_has_both(string advisories, string remedy)
    {
        IasFacts facts = new IasTestService().Verify(IasTestService.Body("CONFIGURATION_AND_SW_HARDENING_NEEDED", advisories));
        Assert.Equal(remedy, facts.Findings.Single(finding => finding.Code.StartsWith("IAS_STATUS_", StringComparison.Ordinal)).Remedy);
    }

    private static string SharedCase(string quote) =>
        Path.GetFileName(Witan.Tests.Harness.SharedData.Files("data/quotes/cases", $"{quote}*.json").First())!;
}

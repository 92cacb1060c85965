using System.Text;
using System.Text.RegularExpressions;
using Witan.Attestation;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation.Findings;

/// <summary>No finding without its description: source, catalogue and reference page say the same.</summary>
public partial class FindingCatalogTests
{
    // Words in capitals in the source that are no codes: prefixes, names of statuses and caps.
    private static readonly string[] Others =
    [
        "CONFIGURATION_AND_SW_HARDENING_NEEDED", "CONFIGURATION_NEEDED", "GROUP_OUT_OF_DATE", "GROUP_REVOKED", "KEY_REVOKED", "SIGNATURE_INVALID",
        "SIGNATURE_REVOKED", "SIGRL_VERSION_MISMATCH", "SW_HARDENING_NEEDED", "ROOT_CA", "INTERMEDIATE_CA", "TCB_SIGNING_CERT", "TDX_MODULE", "TD_QE",
        "IAS_CERTIFICATE", "IAS_ROOT", "COLLATERAL_AGE", "COLLATERAL_STALE", "EVALUATION_NUMBER", "MEASUREMENT_UNKNOWN",
        "UP_TO_DATE", "OUT_OF_DATE", "OUT_OF_DATE_CONFIGURATION_NEEDED", "RELAUNCH_ADVISED", "RELAUNCH_ADVISED_CONFIGURATION_NEEDED",
    ];

    [Fact]
    public void Every_code_in_the_source_is_described()
    {
        string folder = Path.Combine(SharedData.Repository, "src", "Witan.Attestation");
        var used = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Catalog/", StringComparison.Ordinal))
            .SelectMany(file => Code().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Distinct(StringComparer.Ordinal);
        Assert.Equal([], used.Where(code => FindingCatalog.Find(code) is null && !Others.Contains(code, StringComparer.Ordinal)));
    }

    [Fact]
    public void Codes_are_described_once_and_every_status_has_its_code()
    {
        Assert.Equal(FindingCatalog.All.Count, FindingCatalog.All.Select(item => item.Code).Distinct(StringComparer.Ordinal).Count());
        foreach (TcbStatus status in Enum.GetValues<TcbStatus>().Where(status => status != TcbStatus.UpToDate))
            Assert.Contains(FindingCatalog.All, item => item.Code.Replace("_", "", StringComparison.Ordinal).Equals($"TCB{status}", StringComparison.OrdinalIgnoreCase));
        // The code is made of the service's word.
        foreach (IasQuoteStatus status in Enum.GetValues<IasQuoteStatus>())
            Assert.Contains(FindingCatalog.All, item => item.Code.Replace("_", "", StringComparison.Ordinal).Equals($"IASSTATUS{status}", StringComparison.OrdinalIgnoreCase));
        Assert.All(FindingCatalog.All, item => Assert.True(item.Meaning.EndsWith('.') && item.Remedy?.EndsWith('.') != false, item.Code));
    }

    [Fact]
    public void The_reference_page_is_the_catalogue()
    {
        var text = new StringBuilder("""
            # Finding codes

            Every check leaves a finding where something is to be said: a code, a severity, one sentence with the values found and needed, what was
            seen, the step that mends it, and who must take it. Codes are stable and never used again for another meaning. A rejected quote names its
            first cause and all others; `witan verify --explain` shows every finding.

            Severities: `Note` changes nothing, `Warning` is not wrong today, `Undecided` could not be decided (never a pass, never a fault of the
            evidence), `Error` speaks against it.

            This page is written from `FindingCatalog` by the tests (`WITAN_SNAPSHOTS=write dotnet test`).

            """.ReplaceLineEndings("\n"));
        foreach (IGrouping<string, FindingDescription> group in FindingCatalog.All.GroupBy(item => item.Group))
        {
            text.Append("\n## ").Append(group.Key).Append("\n\n| code | meaning | what to do |\n|---|---|---|\n");
            foreach (FindingDescription item in group)
                text.Append("| `").Append(item.Code).Append("` | ").Append(item.Meaning).Append(" | ").Append(item.Remedy ?? "nothing").Append(" |\n");
        }

        string page = Path.Combine(SharedData.Repository, "docs", "reference", "findings.md");
        if (Environment.GetEnvironmentVariable("WITAN_SNAPSHOTS") == "write")
            File.WriteAllText(page, text.ToString());
        Assert.Equal(File.ReadAllText(page).ReplaceLineEndings("\n"), text.ToString());
    }

    [GeneratedRegex("\"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\"", RegexOptions.None, 1000)]
    private static partial Regex Code();
}

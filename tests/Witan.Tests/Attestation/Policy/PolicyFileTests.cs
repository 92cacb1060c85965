using System.Text;
using Witan.Attestation;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation.Policy;

/// <summary>Policy files: read strictly, written in one form, refused with member, line and offset.</summary>
public class PolicyFileTests
{
    private const string Full = """
        {
          "schema": "witan.policy/1",
          "name": "our workers",
          "rule": "strict",
          "worstLevel": 3,
          "relaunchAdvised": "as-launched",
          "debug": "reject",
          "acceptedAdvisories": ["INTEL-SA-00615", "INTEL-SA-00334"],
          "rejectedAdvisories": ["INTEL-SA-00219"],
          "grace": [
            { "level": 5, "until": "2026-12-01T00:00:00Z", "reason": "BIOS update is booked" },
            { "advisory": "INTEL-SA-01245", "until": "2026-11-30T23:59:59Z" }
          ],
          "minimumEvaluationDataNumber": 19,
          "equalEvaluationNumbers": true,
          "minimumTcbDate": "2025-05-14T00:00:00Z",
          "collateralAge": { "warnSeconds": 604800, "demoteSeconds": 1209600 },
          "mrEnclave": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
          "mrSigner": ["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"],
          "isvProdIds": [7, 1],
          "minimumIsvSvn": 2,
          "configId": ["EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE"],
          "minimumConfigSvn": 4,
          "mrTd": ["111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"],
          "rtmr": [[], ["222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222"]],
          "mrConfigId": ["333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333"],
          "mrOwner": ["444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444"],
          "mrOwnerConfig": ["555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555"],
          "mrSeam": ["666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666"],
          "serviceTd": ["777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777"],
          "rejectedTdAttributes": ["PERFMON", "MIGRATABLE"],
          "allowedXfam": "00000000000602e7",
          "rejectedPlatform": ["smt"],
          "platforms": [
            { "ppidHash": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "provenance": "P3", "source": "host registry" },
            { "platformInstanceId": "dddddddddddddddddddddddddddddddd", "provenance": "P2" },
            { "fmspc": "b0c06f000000", "provenance": "P1" }
          ],
          "minimumProvenance": "P2"
        }
        """;

    [Fact]
    public void Canonical_form_reads_back_to_itself_and_its_hash_is_pinned()
    {
        AppraisalPolicy policy = Parse(Full);
        string canonical = Encoding.UTF8.GetString(policy.ToJson());
        Snapshot.Match("policy.canonical.json", canonical + "\n");
        Assert.Equal(canonical, Encoding.UTF8.GetString(Parse(canonical).ToJson()));
        Assert.Equal(policy.Hash(), Parse(canonical).Hash());
    }

    [Fact]
    public void Built_in_policies_have_the_hashes_that_records_and_tokens_pin()
    {
        Assert.Equal("""{"name":"phala","rule":"phala","schema":"witan.policy/1","worstLevel":5}""", Encoding.UTF8.GetString(AppraisalPolicy.Phala.ToJson()));
        Snapshot.Match("policy.hashes.txt", string.Concat(new[] { AppraisalPolicy.Phala, AppraisalPolicy.PhalaDocs, AppraisalPolicy.Strict }.Select(policy => $"{policy.Name} {policy.Hash()}\n")));
        foreach (AppraisalPolicy policy in new[] { AppraisalPolicy.Phala, AppraisalPolicy.PhalaDocs, AppraisalPolicy.Strict })
            Assert.Equal(policy.Hash(), Parse(Encoding.UTF8.GetString(policy.ToJson())).Hash());
    }

    [Fact]
    public void The_hash_is_of_the_rules_and_not_of_the_writing_nor_of_the_call()
    {
        AppraisalPolicy policy = Parse("""{"schema":"witan.policy/1","name":"x","rule":"phala","rejectedAdvisories":["B","A","A"],"mrTd":["AA"]}""".Replace("\"AA\"", $"\"{new string('A', 96)}\"", StringComparison.Ordinal));
        AppraisalPolicy other = Parse("""{ "rejectedAdvisories":["A","B"], "mrTd":["aa"], "worstLevel":5, "rule":"phala", "debug":"reject", "name":"x", "schema":"witan.policy/1" }""".Replace("\"aa\"", $"\"{new string('a', 96)}\"", StringComparison.Ordinal));
        Assert.Equal(policy.Hash(), other.Hash());
        Assert.Equal(policy.Hash(), (policy with { AcceptSimulated = true, ReportData = new byte[64] }).Hash());
        Assert.NotEqual(policy.Hash(), (policy with { WorstLevel = 4 }).Hash());
    }

    public static TheoryData<string, string, int> Wrong => new()
    {
        { """{"schema":"witan.policy/2","name":"x","rule":"phala"}""", "schema", 10 },
        { """{"name":"x","rule":"phala"}""", "schema", 0 },
        { """{"schema":"witan.policy/1","rule":"phala"}""", "name", 0 },
        { """{"schema":"witan.policy/1","name":"x"}""", "rule", 0 },
        { """{"schema":"witan.policy/1","name":"x","rule":"lax"}""", "rule", 45 },
        { """{"schema":"witan.policy/1","name":"phala","rule":"strict"}""", "name", 0 },
        { """{"schema":"witan.policy/1","name":"x\u001b[2J","rule":"phala"}""", "name", 34 },
        { "{\"schema\":\"witan.policy/1\",\n\"name\":\"x\",\"rule\":\"phala\",\n\"worstLevel\":6}", "worstLevel", 68 },
        { """{"schema":"witan.policy/1","worstLevel":2.5}""", "worstLevel", 40 },
        { """{"schema":"witan.policy/1","schema":"witan.policy/1"}""", "schema", 27 },
        { """{"schema":"witan.policy/1","allowDebug":true}""", "allowDebug", 40 },
        { """{"debug":"accept"}""", "debug", 9 },
        { """{"mrEnclave":[]}""", "mrEnclave", 14 },
        { """{"mrEnclave":["aa"]}""", "mrEnclave", 14 },
        { """{"mrTd":"aa"}""", "mrTd", 8 },
        { """{"configId":["aa"]}""", "configId", 13 },
        { """{"minimumConfigSvn":65536}""", "minimumConfigSvn", 20 },
        { """{"minimumTcbDate":"2025-02-30T00:00:00Z"}""", "minimumTcbDate", 18 },
        { """{"minimumTcbDate":"2025-02-20T00:00:00+02:00"}""", "minimumTcbDate", 18 },
        { """{"collateralAge":{"warnDays":3}}""", "collateralAge.warnDays", 29 },
        { """{"grace":[{"level":5}]}""", "grace[0].until", 10 },
        { """{"grace":[{"level":5,"advisory":"A","until":"2026-12-01T00:00:00Z"}]}""", "grace[0]", 10 },
        { """{"platforms":[{"fmspc":"b0c06f000000","provenance":"P2"}]}""", "platforms[0].provenance", 14 },
        { """{"platforms":[{"provenance":"P2"}]}""", "platforms[0]", 14 },
        { """{"rtmr":[[],[],[],[],[]]}""", "rtmr[4]", 21 },
        { """{"rejectedTdAttributes":["SEPT"]}""", "rejectedTdAttributes", 25 },
        { """{"schema":"witan.policy/1","name":"x","rule":"phala"} x""", "file", 54 },
        { """{"schema":"witan.policy/1",""", "file", 26 },
        { "", "file", 0 },
        { "[]", "the policy", 0 },
        { "{\"a\\u001b[31m\":1}", "member name", 1 },
        { """{"name":"\ud800"}""", "name", 8 },
        { """{"rule":"\ud800"}""", "rule", 8 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_named_with_member_line_and_offset(string json, string member, int offset)
    {
        Assert.False(PolicyFile.TryParse(Encoding.UTF8.GetBytes(json), out _, out Finding? refusal));
        Assert.Equal(("POLICY_FILE_INVALID", member, offset), (refusal.Code, refusal.Subject, refusal.Offset));
        Assert.StartsWith($"line {json[..Math.Min(offset, json.Length)].Count(letter => letter == '\n') + 1}: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refusal.Message, char.IsControl);
    }

    [Theory]
    [InlineData("""{"schema":"witan.council-policy/1","name":"ours"}""")]
    [InlineData("""{"instancesPerPlatform":3,"schema":"witan.council-policy/1"}""")]
    public void A_councils_policy_is_named_as_what_it_is(string json)
    {
        Assert.False(PolicyFile.TryParse(Encoding.UTF8.GetBytes(json), out _, out Finding? refusal));
        Assert.Equal(("POLICY_FILE_INVALID", "schema"), (refusal.Code, refusal.Subject));
        Assert.Contains("a council's policy (witan.council-policy/1)", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("an appraisal policy (witan.policy/1)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_page_has_every_member_and_its_example_is_valid()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "reference", "policy.md"));
        using var json = System.Text.Json.JsonDocument.Parse(Full);
        foreach (var member in json.RootElement.EnumerateObject())
            Assert.Contains($"`{member.Name}`", page, StringComparison.Ordinal);
        int start = page.IndexOf("```json", StringComparison.Ordinal) + 7;
        Parse(page[start..page.IndexOf("```", start, StringComparison.Ordinal)]);
    }

    private static AppraisalPolicy Parse(string json)
    {
        Assert.True(PolicyFile.TryParse(Encoding.UTF8.GetBytes(json), out AppraisalPolicy? policy, out Finding? refusal), refusal?.ToString());
        return policy;
    }
}

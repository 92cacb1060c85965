using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Witan.Tests.Simulator;
using Xunit;

namespace Witan.Tests.Dstack.Evidence;

/// <summary>
/// Evidence that verifies end to end, changed in one place at a time: each change is refused with a finding of its own, and no policy
/// accepts it.
/// </summary>
public sealed class SignedEvidenceMutationTests : IAsyncLifetime
{
    private static readonly byte[] ReportData = [.. Enumerable.Range(1, 64).Select(i => (byte)i)];
    private SimulatedAgent _agent = null!;
    private TrustedCollateral _collateral = null!;
    private string _answer = "";

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        _agent = await SimulatedAgent.StartAsync();
        _collateral = _agent.Collateral(Now);
        using var client = new DstackClient(_agent.Guest);
        GetQuoteResponse quote = await client.GetQuoteAsync(ReportData, TestContext.Current.CancellationToken);
        _answer = JsonSerializer.Serialize(new { quote = quote.Quote, event_log = quote.EventLog, report_data = quote.ReportData, vm_config = quote.VmConfig });
    }

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    [Fact]
    public void Unchanged_it_is_accepted() => Assert.Empty(Errors(Answer(), accepted: true));

    [Theory]
    [InlineData(48, "QUOTE_SIGNATURE_INVALID", null)]
    [InlineData(184, "QUOTE_SIGNATURE_INVALID", "OS_IMAGE_MRTD_MISMATCH")]
    [InlineData(233, "QUOTE_SIGNATURE_INVALID", "MR_CONFIG_ID_MISMATCH")]
    [InlineData(376, "QUOTE_SIGNATURE_INVALID", "RTMR0_REPLAY_MISMATCH")]
    [InlineData(424, "QUOTE_SIGNATURE_INVALID", "RTMR1_REPLAY_MISMATCH")]
    [InlineData(472, "QUOTE_SIGNATURE_INVALID", "RTMR2_REPLAY_MISMATCH")]
    [InlineData(520, "QUOTE_SIGNATURE_INVALID", "RTMR3_REPLAY_MISMATCH")]
    [InlineData(568, "QUOTE_SIGNATURE_INVALID", "REPORT_DATA_MISMATCH")]
    [InlineData(640, "QUOTE_SIGNATURE_INVALID", null)]
    [InlineData(770 + 64, "QE_REPORT_SIGNATURE_INVALID", null)]
    public void A_change_of_the_quote_breaks_its_signature_and_what_it_says(int offset, string signature, string? meaning)
    {
        string[] errors = Errors(WithQuote(quote => quote[offset] ^= 1));
        Assert.Contains(signature, errors);
        if (meaning is not null)
            Assert.Contains(meaning, errors);
    }

    [Fact]
    public void No_byte_of_the_quote_can_be_changed()
    {
        byte[] quote = Convert.FromHexString(Answer()["quote"]!.GetValue<string>());
        int pem = quote.AsSpan().IndexOf("-----BEGIN"u8);
        for (int i = 0; i < quote.Length - 1; i += i < pem ? 11 : 97)
        {
            int at = i;
            // In the certificates: letters only, and none whose low bits the encoding leaves unused.
            if (at >= pem && (!char.IsAsciiLetterOrDigit((char)quote[at]) || quote[at + 1] is (byte)'=' or (byte)'\n'))
                continue;
            JsonObject changed = WithQuote(bytes => bytes[at] ^= 2);
            if (DstackEvidence.TryParse(Encoding.UTF8.GetBytes(changed.ToJsonString()), out _, out Finding? refusal))
                Assert.True(Errors(changed).Length > 0, $"byte {at}");
            else
                Assert.Equal(FindingSeverity.Error, refusal.Severity);
        }
    }

    [Fact]
    public void No_event_can_be_changed_left_out_doubled_or_moved()
    {
        int count = Log(Answer()).Count;
        for (int i = 0; i < count; i++)
        {
            int at = i;
            int register = Log(Answer())[i]!["imr"]!.GetValue<int>();
            string mismatch = $"RTMR{register}_REPLAY_MISMATCH";
            Assert.Contains(mismatch, Errors(WithLog(log => log.RemoveAt(at))));
            Assert.Contains(mismatch, Errors(WithLog(log => log.Insert(at, log[at]!.DeepClone()))));
            if (register < 3)
            {
                Assert.Contains(mismatch, Errors(WithLog(log => log[at]!["digest"] = Flip(log[at]!["digest"]!))));
                Assert.Contains("EVENT_DIGEST_MISSING", Errors(WithLog(log => log[at]!["digest"] = "")));
            }
            else
            {
                // A digest that no longer fits its event is said as well as the register that no longer fits the log.
                string[] renamed = Errors(WithLog(log => log[at]!["event"] = log[at]!["event"]!.GetValue<string>() + "x"));
                Assert.Contains(mismatch, renamed);
                Assert.Contains("EVENT_DIGEST_MISMATCH", renamed);
                Assert.Equal(["EVENT_DIGEST_MISMATCH"], Errors(WithLog(log => log[at]!["digest"] = Flip(log[at]!["digest"]!))));
                Assert.Contains(mismatch, Errors(WithLog(log => log[at]!["event_payload"] = log[at]!["event_payload"]!.GetValue<string>() + "00")));
                Assert.Contains("EVENT_TYPE_UNEXPECTED", Errors(WithLog(log => log[at]!["event_type"] = 1)));
            }

            if (i > 0 && Log(Answer())[i - 1]!["imr"]!.GetValue<int>() == register && Different(i - 1, i))
            {
                Assert.Contains(mismatch, Errors(WithLog(log =>
                {
                    JsonNode moved = log[at]!.DeepClone();
                    log.RemoveAt(at);
                    log.Insert(at - 1, moved);
                })));
            }
        }
    }

    [Theory]
    [InlineData("os_image_hash", "\"0000000000000000000000000000000000000000000000000000000000000000\"", "OS_IMAGE_HASH_MISMATCH")]
    [InlineData("memory_size", "4294967296", "OS_IMAGE_RTMR0_MISMATCH")]
    [InlineData("qemu_version", "\"8.2.2\"", "OS_IMAGE_MRTD_MISMATCH")]
    [InlineData("ovmf_variant", "\"other\"", "OS_IMAGE_FIRMWARE_UNKNOWN")]
    [InlineData("tdx_measurement", "{}", "OS_IMAGE_MANIFEST_MISSING")]
    public void A_change_of_vm_config_has_its_own_finding(string member, string value, string code)
    {
        JsonObject answer = Answer();
        JsonObject config = JsonNode.Parse(answer["vm_config"]!.GetValue<string>())!.AsObject();
        config[member] = JsonNode.Parse(value);
        answer["vm_config"] = config.ToJsonString();
        Assert.Equal(code, Errors(answer).First());
    }

    [Fact]
    public void Without_the_variant_the_image_is_only_claimed_and_a_policy_cannot_decide()
    {
        JsonObject answer = Answer();
        JsonObject config = JsonNode.Parse(answer["vm_config"]!.GetValue<string>())!.AsObject();
        config.Remove("tdx_attestation_variant");
        answer["vm_config"] = config.ToJsonString();
        Verdict verdict = Judge(answer, Expected());
        Assert.Equal(AppraisalOutcome.Undecided, verdict.Outcome);
        Assert.Contains(verdict.Findings, finding => finding.Code == "POLICY_OS_IMAGE_UNBOUND");
    }

    [Fact]
    public void Another_compose_file_app_instance_or_nonce_than_expected_has_its_own_finding()
    {
        byte[] compose = Encoding.UTF8.GetBytes(_agent.Machine.AppCompose);
        Assert.Equal(["COMPOSE_HASH_MISMATCH"], Errors(Answer(), Expected() with { AppCompose = (byte[])[.. compose, (byte)10] }));
        Assert.Equal(["APP_ID_MISMATCH"], Errors(Answer(), Expected() with { AppId = new byte[20] }));
        Assert.Equal(["INSTANCE_ID_MISMATCH"], Errors(Answer(), Expected() with { InstanceId = new byte[20] }));
        Assert.Contains("REPORT_DATA_MISMATCH", Errors(Answer(), Expected() with { ReportData = new byte[64] }));
        JsonObject answer = Answer();
        answer["report_data"] = new string('0', 128);
        Assert.Equal(["REPORT_DATA_FIELD_MISMATCH"], Errors(answer));
    }

    [Fact]
    public void An_app_id_changed_in_the_log_is_refused_for_itself_and_for_the_register()
    {
        string[] errors = Errors(WithLog(log =>
        {
            JsonNode entry = log.First(item => item!["event"]!.GetValue<string>() == "app-id")!;
            entry["event_payload"] = new string('1', 40);
            entry["digest"] = "";
        }));
        Assert.Equal(["RTMR3_REPLAY_MISMATCH", "APP_ID_MISMATCH"], errors);
    }

    [Fact]
    public async Task Quote_and_log_of_two_machines_do_not_mix()
    {
        await using SimulatedAgent other = await SimulatedAgent.StartAsync(SimulatedAgent.With("""{"manifest_version":2,"name":"other","key_provider":"kms"}"""));
        using var client = new DstackClient(other.Guest);
        JsonObject answer = Answer();
        answer["event_log"] = (await client.GetQuoteAsync(ReportData, TestContext.Current.CancellationToken)).EventLog;
        Assert.Contains("RTMR3_REPLAY_MISMATCH", Errors(answer));
    }

    private JsonObject Answer() => JsonNode.Parse(_answer)!.AsObject();

    private EvidenceExpectations Expected() => new()
    {
        ReportData = ReportData,
        AppCompose = Encoding.UTF8.GetBytes(_agent.Machine.AppCompose),
        AppId = Convert.FromHexString(_agent.Machine.AppId),
        InstanceId = Convert.FromHexString(_agent.Machine.InstanceId),
    };

    private JsonObject WithQuote(Action<byte[]> edit)
    {
        JsonObject answer = Answer();
        byte[] quote = Convert.FromHexString(answer["quote"]!.GetValue<string>());
        edit(quote);
        answer["quote"] = Convert.ToHexStringLower(quote);
        return answer;
    }

    private JsonObject WithLog(Action<JsonArray> edit)
    {
        JsonObject answer = Answer();
        JsonArray log = Log(answer);
        edit(log);
        answer["event_log"] = log.ToJsonString();
        return answer;
    }

    private bool Different(int one, int two)
    {
        JsonArray log = Log(Answer());
        return log[one]!.ToJsonString() != log[two]!.ToJsonString();
    }

    private static JsonArray Log(JsonObject answer) => JsonNode.Parse(answer["event_log"]!.GetValue<string>())!.AsArray();

    private static string Flip(JsonNode digest) => (digest.GetValue<string>()[0] == '0' ? '1' : '0') + digest.GetValue<string>()[1..];

    private string[] Errors(JsonObject answer, EvidenceExpectations? expectations = null, bool accepted = false)
    {
        Verdict verdict = Judge(answer, expectations ?? Expected());
        Assert.Equal(accepted ? AppraisalOutcome.Accepted : AppraisalOutcome.Rejected, verdict.Outcome);
        return [.. verdict.Findings.Where(finding => finding.Severity == FindingSeverity.Error && !finding.Code.StartsWith("POLICY_", StringComparison.Ordinal)).Select(finding => finding.Code)];
    }

    private Verdict Judge(JsonObject answer, EvidenceExpectations expectations)
    {
        Assert.True(DstackEvidence.TryParse(Encoding.UTF8.GetBytes(answer.ToJsonString()), out DstackEvidence? evidence, out Finding? refusal), refusal?.ToString());
        DstackFacts facts = DstackEvidence.Verify(evidence, _collateral, expectations, Now);
        return DstackAppraiser.Appraise(facts, new DstackPolicy
        {
            Platform = AppraisalPolicy.Phala with { AcceptSimulated = true },
            OsImages = OsImageRule.ByHash(_agent.Machine.OsImageHash),
            ComposeHashes = [_agent.Machine.ComposeHash],
        });
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Evidence;

/// <summary>One change to real evidence, one finding. What the quote's own signature protects is tested with signed evidence.</summary>
public class EvidenceMutationTests
{
    private const string Lite = "vectors/dstack/fixture-tdx-lite-getquote.json";

    [Fact]
    public void Every_single_entry_of_the_log_counts()
    {
        JsonObject report = Load();
        int count = Log(report).Count;
        for (int i = 0; i < count; i++)
        {
            JsonObject changed = Load();
            Edit(changed, log =>
            {
                JsonObject entry = log[i]!.AsObject();
                if (entry["digest"]!.GetValue<string>().Length > 0)
                    entry["digest"] = Flip(entry["digest"]!.GetValue<string>());
                else if (entry["event_payload"]!.GetValue<string>().Length > 0)
                    entry["event_payload"] = Flip(entry["event_payload"]!.GetValue<string>());
                else
                    entry["event"] = entry["event"]!.GetValue<string>() + "x";
            });
            int register = Log(report)[i]!["imr"]!.GetValue<int>();
            Assert.Contains($"RTMR{register}_REPLAY_MISMATCH", Errors(changed));
        }
    }

    [Fact]
    public void Every_entry_left_out_doubled_or_moved_is_noticed()
    {
        int count = Log(Load()).Count;
        for (int i = 0; i < count; i++)
        {
            int at = i;
            Assert.Contains(Errors(Changed(log => log.RemoveAt(at))), code => code.EndsWith("_REPLAY_MISMATCH", StringComparison.Ordinal));
            Assert.Contains(Errors(Changed(log => log.Insert(at, log[at]!.DeepClone()))), code => code.EndsWith("_REPLAY_MISMATCH", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_doubled_identity_event_is_ambiguous()
    {
        string[] errors = Errors(Changed(log => log.Insert(22, log[22]!.DeepClone())));
        Assert.Contains("EVENT_DUPLICATE", errors);
    }

    [Fact]
    public void Events_out_of_order_are_named()
    {
        string[] errors = Errors(Changed(log =>
        {
            JsonNode moved = log[21]!.DeepClone();
            log.RemoveAt(21);
            log.Insert(22, moved);
        }));
        Assert.Contains("EVENT_ORDER", errors);
        Assert.Contains("RTMR3_REPLAY_MISMATCH", errors);
    }

    [Fact]
    public void A_known_name_after_system_ready_never_counts()
    {
        JsonObject changed = Changed(log =>
        {
            JsonObject second = log[22]!.DeepClone().AsObject();
            Assert.Equal("compose-hash", second["event"]!.GetValue<string>());
            second["event_payload"] = new string('a', 64);
            log.Add(second);
        });
        DstackFacts facts = Verify(changed);
        Assert.StartsWith("86b0e55f", Convert.ToHexStringLower(facts.Identity.ComposeHash!.Value.Span), StringComparison.Ordinal);
        Assert.Contains(facts.Findings, finding => finding.Code == "EVENT_AFTER_READY");
        Assert.Equal("compose-hash", Assert.Single(facts.Identity.ApplicationEvents).Name);
    }

    [Fact]
    public void A_digest_that_was_sent_and_is_wrong_is_named_even_where_the_payload_is_right() =>
        Assert.Contains("EVENT_DIGEST_MISMATCH", Errors(Changed(log => log[22]!["digest"] = new string('0', 96))));

    [Fact]
    public void An_event_of_version_2_needs_its_preimage()
    {
        Assert.Contains("EVENT_PREIMAGE_MISSING", Errors(Changed(log => log[22]!["version"] = 2)));
        Assert.Contains("EVENT_PREIMAGE_MISMATCH", Errors(Changed(log => (log[22]!["version"], log[22]!["preimage"]) = (2, "7b7d"))));
        Assert.Contains("EVENT_VERSION_UNKNOWN", Errors(Changed(log => log[22]!["version"] = 3)));
    }

    [Theory]
    [InlineData("event", "acpi-other")]
    [InlineData("event_payload", "00")]
    [InlineData("event_payload", "")]
    [InlineData("digest", "")]
    [InlineData("event_type", "11")]
    public void An_ACPI_entry_is_one_by_type_name_and_payload(string member, string value)
    {
        foreach (int at in new[] { 8, 9, 10 })
            Assert.Contains("ACPI_EVENTS_INVALID", Errors(Changed(log => log[at]![member] = member == "event_type" ? JsonNode.Parse(value) : value)));
    }

    [Theory]
    [InlineData("app-id", "EVENT_PAYLOAD_INVALID")]
    [InlineData("compose-hash", "EVENT_PAYLOAD_INVALID")]
    [InlineData("key-provider", "EVENT_PAYLOAD_INVALID")]
    [InlineData("instance-id", "EVENT_PAYLOAD_INVALID")]
    public void A_payload_of_another_shape_is_no_value(string name, string code) =>
        Assert.Contains(code, Errors(Changed(log => log.First(entry => entry!["event"]!.GetValue<string>() == name)!["event_payload"] = "00ff")));

    [Theory]
    [InlineData("os_image_hash", "\"e6f5cfec20c02e7b97baa213d0f718020b55e040172d90ccbcb946d56c8b09dc\"", "OS_IMAGE_HASH_MISMATCH")]
    [InlineData("memory_size", "4294967296", "OS_IMAGE_RTMR0_MISMATCH")]
    [InlineData("memory_size", "2147483647", "OS_IMAGE_MEMORY_UNSUPPORTED")]
    [InlineData("qemu_version", "\"9.1.0\"", "OS_IMAGE_MRTD_MISMATCH")]
    [InlineData("qemu_version", "\"7.2.0\"", "OS_IMAGE_QEMU_UNSUPPORTED")]
    [InlineData("qemu_version", "\"8.2\"", "OS_IMAGE_QEMU_UNSUPPORTED")]
    [InlineData("qemu_single_pass_add_pages", "true", "OS_IMAGE_QEMU_UNSUPPORTED")]
    [InlineData("ovmf_variant", "\"new\"", "OS_IMAGE_FIRMWARE_UNKNOWN")]
    [InlineData("tdx_measurement", "{}", "OS_IMAGE_MANIFEST_MISSING")]
    [InlineData("os_image_hash", "\"zz\"", "VM_CONFIG_INVALID")]
    [InlineData("memory_size", "-1", "VM_CONFIG_INVALID")]
    public void A_change_of_the_machines_description_has_its_own_finding(string member, string value, string code)
    {
        JsonObject report = Load();
        JsonObject config = JsonNode.Parse(report["vm_config"]!.GetValue<string>())!.AsObject();
        config[member] = JsonNode.Parse(value);
        report["vm_config"] = config.ToJsonString();
        Assert.Equal(code, Errors(report).First());
    }

    [Fact]
    public void Another_measurement_than_the_manifest_lists_is_refused()
    {
        JsonObject report = Load();
        JsonObject config = JsonNode.Parse(report["vm_config"]!.GetValue<string>())!.AsObject();
        byte[] measurement = Convert.FromBase64String(config["tdx_measurement"]!["measurement"]!.GetValue<string>());
        measurement[60] ^= 1;
        config["tdx_measurement"]!["measurement"] = Convert.ToBase64String(measurement);
        report["vm_config"] = config.ToJsonString();
        Assert.Equal(["OS_IMAGE_MEASUREMENT_MISMATCH"], Errors(report));
    }

    [Fact]
    public void Each_expectation_has_its_own_finding()
    {
        JsonObject report = Load();
        string One(EvidenceExpectations expectations) => Assert.Single(Errors(report, expectations));
        Assert.Equal("REPORT_DATA_MISMATCH", One(new EvidenceExpectations { ReportData = new byte[64] }));
        Assert.Equal("APP_ID_MISMATCH", One(new EvidenceExpectations { AppId = new byte[20] }));
        Assert.Equal("INSTANCE_ID_MISMATCH", One(new EvidenceExpectations { InstanceId = new byte[20] }));
        Assert.Equal("COMPOSE_HASH_MISMATCH", One(new EvidenceExpectations { AppCompose = "{}"u8.ToArray() }));
        Assert.Equal("GPU_ATTESTATION_MISMATCH", One(new EvidenceExpectations { GpuAttestation = "" }));
        report["report_data"] = new string('0', 128);
        Assert.Equal("REPORT_DATA_FIELD_MISMATCH", One(EvidenceExpectations.None));
    }

    [Fact]
    public void A_register_changed_in_the_quote_does_not_replay()
    {
        foreach ((int offset, string code) in new[] { (376, "RTMR0_REPLAY_MISMATCH"), (424, "RTMR1_REPLAY_MISMATCH"), (472, "RTMR2_REPLAY_MISMATCH"), (520, "RTMR3_REPLAY_MISMATCH"), (184, "OS_IMAGE_MRTD_MISMATCH"), (233, "MR_CONFIG_ID_MISMATCH") })
        {
            JsonObject report = Load();
            byte[] quote = Convert.FromHexString(report["quote"]!.GetValue<string>());
            quote[offset] ^= 1;
            report["quote"] = Convert.ToHexStringLower(quote);
            Assert.Equal(code, Errors(report).First());
        }
    }

    [Fact]
    public void MRCONFIGID_of_version_2_and_3_is_compared_and_never_passed_over()
    {
        AppIdentity identity = Verify(Load()).Identity;
        byte[] hash = identity.ComposeHash!.Value.ToArray(), app = identity.AppId!.Value.ToArray(), provider = Convert.FromHexString(identity.KeyProvider!.Id);
        Assert.Empty(Errors(WithMrConfig(Load(), MrConfigId.V2(hash, app, "kms", provider))));
        Assert.Empty(Errors(WithMrConfig(Load(), MrConfigId.V2(hash, app, "kms", []))));
        Assert.Equal(["MR_CONFIG_ID_MISMATCH"], Errors(WithMrConfig(Load(), MrConfigId.V2(hash, app, "tpm", provider))));
        Assert.Equal(["MR_CONFIG_ID_MISMATCH"], Errors(WithMrConfig(Load(), MrConfigId.V2(hash, new byte[20], "kms", provider))));
        JsonObject without = Changed(log => log.Remove(log.Single(entry => entry!["event"]!.GetValue<string>() == "key-provider")));
        Assert.Contains(Verify(WithMrConfig(without, MrConfigId.V2(hash, app, "kms", provider))).Findings, finding => finding is { Code: "MR_CONFIG_ID_UNCHECKED", Severity: FindingSeverity.Undecided });

        string document = $"{{\"app_id\":\"{Convert.ToHexStringLower(app)}\",\"compose_hash\":\"{Convert.ToHexStringLower(hash)}\"}}";
        JsonObject third = WithMrConfig(Load(), MrConfigId.V3(document));
        Assert.Contains(Verify(third).Findings, finding => finding is { Code: "MR_CONFIG_DOCUMENT_MISSING", Severity: FindingSeverity.Undecided });
        Assert.Empty(Errors(WithDocument(third, document)));
        Assert.Equal(["MR_CONFIG_ID_MISMATCH"], Errors(WithDocument(third, document + " ")));
        string other = document.Replace("\"app_id\":\"", "\"app_id\":\"00", StringComparison.Ordinal);
        Assert.Equal(["MR_CONFIG_CONTENT_MISMATCH"], Errors(WithDocument(WithMrConfig(Load(), MrConfigId.V3(other)), other)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"quote\":\"00\"}")]
    [InlineData("{\"quote\":5}")]
    [InlineData("{\"quote\":\"0x0\",\"event_log\":\"[]\"}")]
    [InlineData("{\"attestation\":\"00\"}")]
    [InlineData("{\"quote\":\"\",\"quote\":\"\"}")]
    [InlineData("[]")]
    [InlineData("00")]
    [InlineData("\u0001\u0002")]
    public void What_is_no_evidence_is_refused_with_a_finding(string text)
    {
        Assert.False(DstackEvidence.TryParse(Encoding.UTF8.GetBytes(text), out _, out Finding? refusal));
        Assert.Equal(FindingSeverity.Error, refusal.Severity);
    }

    [Fact]
    public void A_log_of_tens_of_thousands_of_wrong_entries_gives_a_handful_of_findings_quickly()
    {
        JsonObject report = Load();
        JsonArray log = Log(report);
        string one = "{\"imr\":3,\"event_type\":134217729,\"digest\":\"" + new string('1', 96) + "\",\"event\":\"app-id\",\"event_payload\":\"\"}";
        string text = log.ToJsonString();
        report["event_log"] = text[..^1] + "," + string.Join(',', Enumerable.Repeat(one, 30_000)) + "]";
        var watch = System.Diagnostics.Stopwatch.StartNew();
        DstackFacts facts = Verify(report);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), watch.Elapsed.ToString());
        Assert.InRange(facts.Findings.Count, 2, 20);
        Assert.Contains(facts.Findings, finding => finding.Code == "EVENT_DIGEST_MISMATCH");
    }

    private static JsonObject Load() => JsonNode.Parse(File.ReadAllBytes(SharedData.Path(Lite)))!.AsObject();

    private static JsonObject WithMrConfig(JsonObject report, byte[] value)
    {
        byte[] quote = Convert.FromHexString(report["quote"]!.GetValue<string>());
        value.CopyTo(quote, 232);
        report["quote"] = Convert.ToHexStringLower(quote);
        return report;
    }

    private static JsonObject WithDocument(JsonObject report, string document)
    {
        JsonObject config = JsonNode.Parse(report["vm_config"]!.GetValue<string>())!.AsObject();
        config["mr_config"] = document;
        report["vm_config"] = config.ToJsonString();
        return report;
    }

    private static JsonArray Log(JsonObject report) => JsonNode.Parse(report["event_log"]!.GetValue<string>())!.AsArray();

    private static JsonObject Changed(Action<JsonArray> change)
    {
        JsonObject report = Load();
        Edit(report, change);
        return report;
    }

    private static void Edit(JsonObject report, Action<JsonArray> change)
    {
        JsonArray log = Log(report);
        change(log);
        report["event_log"] = log.ToJsonString();
    }

    private static string Flip(string hex) => (hex[0] == '0' ? '1' : '0') + hex[1..];

    private static DstackFacts Verify(JsonObject report, EvidenceExpectations? expectations = null)
    {
        Assert.True(DstackEvidence.TryParse(Encoding.UTF8.GetBytes(report.ToJsonString()), out DstackEvidence? evidence, out Finding? refusal), refusal?.ToString());
        return DstackEvidence.Verify(evidence, null, expectations ?? EvidenceExpectations.None, new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
    }

    private static string[] Errors(JsonObject report, EvidenceExpectations? expectations = null) =>
        [.. Verify(report, expectations).Findings.Where(finding => finding.Severity == FindingSeverity.Error).Select(finding => finding.Code)];
}

using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Evidence;

/// <summary>Real evidence: every register replays, and identities are what the reference computes.</summary>
public class EvidenceFixtureTests
{
    private static readonly DateTimeOffset Any = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("vectors/dstack/fixture-quote-report.json", "quote-report")]
    [InlineData("vectors/dstack/fixture-tdx-lite-getquote.json", "tdx-lite-getquote")]
    public void All_registers_replay_and_the_aggregates_are_those_of_the_vectors(string path, string name)
    {
        DstackFacts facts = Verify(path);
        Assert.All(facts.Registers, register => Assert.Equal(ReplayOutcome.Matches, register.Outcome));
        Assert.DoesNotContain(facts.Findings, finding => finding.Severity == FindingSeverity.Error);
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", "event-log.json")));
        JsonElement vector = vectors.RootElement.GetProperty("fixtures").EnumerateArray().First(fixture => fixture.GetProperty("name").GetString() == name);
        Assert.Equal(vector.GetProperty("mr_aggregated").GetString(), Hex(facts.Measurements.Aggregated));
        Assert.Equal(vector.GetProperty("mr_system").GetString(), Hex(facts.Measurements.System));
        // Nobody said whose collateral: never good.
        Assert.Equal(Authenticity.Undetermined, facts.Authenticity);
        Assert.Contains(facts.Findings, finding => finding is { Code: "COLLATERAL_MISSING", Severity: FindingSeverity.Undecided });
    }

    [Fact]
    public void The_lite_image_is_bound_to_the_quote_and_not_to_the_event()
    {
        DstackFacts facts = Verify("vectors/dstack/fixture-tdx-lite-getquote.json");
        Assert.Equal(OsImageBinding.Measured, facts.OsImage.Binding);
        Assert.Equal("e6f5cfec20c02e7b97baa213d0f718020b55e040172d90ccbcb946d56c8b09db", Hex(facts.OsImage.Hash!.Value));
        Assert.StartsWith("07a2388c", Hex(facts.Identity.OsImageHashEvent!.Value), StringComparison.Ordinal);
        Assert.Equal((1, "kms", "zfs", true), (facts.MrConfigVersion, facts.Identity.KeyProvider!.Name, facts.Identity.StorageFileSystem, facts.Identity.IsReady));
    }

    [Fact]
    public void A_stripped_attestation_proves_the_same_as_the_full_answer()
    {
        DstackFacts facts = Verify("vectors/dstack/fixture-tdx-lite-attestation.json");
        Assert.Equal(OsImageBinding.Measured, facts.OsImage.Binding);
        Assert.Equal([ReplayOutcome.NotInLog, ReplayOutcome.NotInLog, ReplayOutcome.NotInLog, ReplayOutcome.Matches], facts.Registers.Select(register => register.Outcome));
        Assert.DoesNotContain(facts.Findings, finding => finding.Severity == FindingSeverity.Error);
    }

    [Fact]
    public void The_simulators_attestation_replays_and_its_ids_are_the_documented_ones()
    {
        DstackFacts facts = Verify("vectors/dstack/simulator-attestation.bin");
        Assert.All(facts.Registers, register => Assert.Equal(ReplayOutcome.Matches, register.Outcome));
        Assert.Equal("5bb4ff9a3837357f19dc176407a5709c62eb6c56", Hex(facts.Identity.AppId!.Value));
        Assert.Equal("1691ed1b47506cad7d08834668691d88246f5b1f", Hex(facts.Identity.InstanceId!.Value));
        Assert.Equal(OsImageBinding.Claimed, facts.OsImage.Binding);
        Assert.Equal("dstack-0.6.0", facts.OsImage.Name);
    }

    [Fact]
    public void The_shipped_simulators_compose_file_is_not_what_its_evidence_measures()
    {
        byte[] compose = File.ReadAllBytes(SharedData.Path("vectors", "dstack", "simulator-app-compose.json"));
        DstackFacts facts = Verify("vectors/dstack/simulator-attestation.bin", new EvidenceExpectations { AppCompose = compose });
        Assert.Equal("COMPOSE_HASH_MISMATCH", facts.Findings.First(finding => finding.Severity == FindingSeverity.Error).Code);
        Assert.Equal(Authenticity.NotGenuine, facts.Authenticity);
    }

    [Fact]
    public void A_real_report_is_of_the_app_compose_file_beside_it()
    {
        byte[] compose = File.ReadAllBytes(SharedData.Path("data", "dstack", "rtmr3-app-compose.json"));
        DstackFacts facts = Verify("data/dstack/rtmr3-report.json", new EvidenceExpectations { AppCompose = compose, AppId = Convert.FromHexString("06768e6df639ce3be65e9e5321f8b2d82dbffb01") });
        Assert.All(facts.Registers, register => Assert.Equal(ReplayOutcome.Matches, register.Outcome));
        Assert.DoesNotContain(facts.Findings, finding => finding.Severity == FindingSeverity.Error);
        Assert.True(facts.Identity.IsAppIdFromCompose);
    }

    [Fact]
    public void What_the_application_measures_after_the_boot_is_kept_apart()
    {
        DstackFacts facts = Verify("vectors/dstack/fixture-quote-report.json");
        Assert.Equal(["LIUM_MINER_HOTKEY"], facts.Identity.ApplicationEvents.Select(runtime => runtime.Name));
        Assert.Equal("local-sgx", facts.Identity.KeyProvider!.Name);
    }

    [Fact]
    public void MRCONFIGID_of_every_version_is_that_of_the_vectors()
    {
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", "mr-config.json")));
        JsonElement first = vectors.RootElement.GetProperty("v1"), second = vectors.RootElement.GetProperty("v2"), third = vectors.RootElement.GetProperty("v3");
        byte[] Bytes(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
        Assert.Equal(Bytes(first, "mr_config_id"), MrConfigId.V1(Bytes(first, "compose_hash")));
        Assert.Equal(Bytes(second, "mr_config_id"), MrConfigId.V2(Bytes(second, "compose_hash"), Bytes(second, "app_id"), "kms", Bytes(second, "key_provider_id")));
        Assert.Equal(Bytes(third, "tdx_mr_config_id"), MrConfigId.V3(third.GetProperty("document").GetString()!));
        Assert.Equal(Bytes(third, "snp_host_data"), MrConfigId.DocumentHash(third.GetProperty("document").GetString()!));
    }

    [Fact]
    public void The_registers_of_a_lite_image_are_computed_step_by_step()
    {
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", "tdx-lite-replay.json")));
        JsonElement root = vectors.RootElement, image = root.GetProperty("measurement").GetProperty("image"), tdvf = root.GetProperty("measurement").GetProperty("tdvf");
        byte[] Bytes(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
        var measurement = new ImageMeasurement(
            Bytes(image, "cmdline_sha384"), Bytes(image, "kernel_authenticode"), Bytes(image, "initrd_sha384"),
            Bytes(tdvf.GetProperty("mrtd"), "single_pass"), Bytes(tdvf.GetProperty("mrtd"), "two_pass"), Bytes(tdvf, "td_hob"));
        string[] log = [.. root.GetProperty("rtmr0_log").EnumerateArray().Select(digest => digest.GetString()!)];
        ReadOnlyMemory<byte>[] acpi = [.. log[8..11].Select(digest => (ReadOnlyMemory<byte>)Convert.FromHexString(digest))];
        Assert.True(TdHob.TryBuild(measurement.TdHob.Span, 0x80000000, out byte[]? hob));
        Assert.Equal(root.GetProperty("td_hob_bytes").GetString(), Convert.ToHexStringLower(hob));
        ExpectedRegisters expected = ExpectedRegisters.Of(measurement, 0x80000000, twoPass: true, acpi);
        Assert.Equal(log, expected.Rtmr0Log.Select(Convert.ToHexStringLower));
        JsonElement values = root.GetProperty("expected");
        Assert.Equal(values.GetProperty("mr_td").GetString(), Hex(expected.MrTd));
        Assert.Equal(values.GetProperty("rtmr0").GetString(), Hex(expected.Rtmr0));
        Assert.Equal(values.GetProperty("rtmr1").GetString(), Hex(expected.Rtmr1));
        Assert.Equal(values.GetProperty("rtmr2").GetString(), Hex(expected.Rtmr2));
        Assert.True(ImageMeasurement.TryParse(measurement.Encode(), out ImageMeasurement? again, out string problem), problem);
        Assert.Equal(measurement.Encode(), again.Encode());
    }

    [Theory]
    [InlineData("dstack-0.6.0", false)]
    [InlineData("dstack-dev-0.5.3", true)]
    [InlineData("dstack-nvidia-dev-0.5.4", true)]
    [InlineData("device-0.5.4", false)]
    public void A_development_image_is_known_by_its_name(string image, bool expected)
    {
        Assert.True(VmConfig.TryParse($"{{\"image\":\"{image}\"}}", out VmConfig? config, out _));
        Assert.Equal(expected, config.IsDevelopmentImage);
    }

    [Theory]
    [InlineData("{\"vm_config\":\"{\\\"os_image_hash\\\":\\\"64f0d1545cd510a8dfed7ad609d105b5d41f0cb2afcfdda8867ede00c88add7a\\\",\\\"memory_size\\\":2147483648}\"}")]
    [InlineData("{\"os_image_hash\":\"64f0d1545cd510a8dfed7ad609d105b5d41f0cb2afcfdda8867ede00c88add7a\",\"memory_size\":2147483648}")]
    public void A_configuration_is_read_as_vm_config_and_inside_a_sys_config(string text)
    {
        Assert.True(VmConfig.TryParse(text, out VmConfig? config, out _));
        Assert.Equal(2147483648UL, config.MemorySize);
        Assert.StartsWith("64f0d154", Hex(config.OsImageHash!.Value), StringComparison.Ordinal);
    }

    internal static DstackFacts Verify(string path, EvidenceExpectations? expectations = null)
    {
        Assert.True(DstackEvidence.TryParse(File.ReadAllBytes(SharedData.Path(path)), out DstackEvidence? evidence, out Finding? refusal), refusal?.ToString());
        return DstackEvidence.Verify(evidence, null, expectations ?? EvidenceExpectations.None, Any);
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}

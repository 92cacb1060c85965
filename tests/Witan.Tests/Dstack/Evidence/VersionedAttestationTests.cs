using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Evidence;

/// <summary>The two layouts of versioned attestations.</summary>
public class VersionedAttestationTests
{
    [Fact]
    public void Real_attestations_of_layout_V0_are_written_back_byte_for_byte()
    {
        foreach (byte[] bytes in new[] { Stripped(), File.ReadAllBytes(SharedData.Path("vectors", "dstack", "simulator-attestation.bin")) })
        {
            Assert.True(VersionedAttestation.TryParse(bytes, out VersionedAttestation? attestation, out Finding? refusal), refusal?.ToString());
            Assert.Equal(bytes, attestation.Encode());
            Assert.Equal(AttestationLayout.V0, attestation.Layout);
        }
    }

    [Fact]
    public void The_stripped_fixture_holds_three_ACPI_entries_and_nine_events()
    {
        Assert.True(VersionedAttestation.TryParse(Stripped(), out VersionedAttestation? attestation, out _));
        Assert.Equal(3, attestation.EventLog.Entries.Count(entry => entry is { Register: 0, Type: EventLogEntry.AcpiDataType }));
        Assert.Equal(9, attestation.EventLog.Entries.Count(entry => entry is { Register: 3, IsRuntime: true } && entry.Digest.IsEmpty));
        Assert.True(Quote.TryParse(attestation.Quote, out Quote? quote, out _));
        Assert.Equal(Convert.ToHexStringLower(quote.TdReport.Rtmr(3)), Convert.ToHexStringLower(MeasurementRegister.Replay(attestation.RuntimeEvents)));
        Assert.Equal(Stripped(), attestation.Strip().Encode());
    }

    [Fact]
    public void Layout_V1_round_trips_with_events_of_both_versions()
    {
        VersionedAttestation sample = Sample();
        byte[] bytes = sample.Encode();
        Assert.InRange(bytes[0], 0x80, 0x8f);
        Assert.True(VersionedAttestation.TryParse(bytes, out VersionedAttestation? again, out Finding? refusal), refusal?.ToString());
        Assert.Equal(bytes, again.Encode());
        Assert.Equal(sample.RuntimeEvents.Select(runtime => (runtime.Name, runtime.Version)), again.RuntimeEvents.Select(runtime => (runtime.Name, runtime.Version)));
        Assert.Equal(sample.EventLog.ToJson(), again.EventLog.ToJson());
        Assert.Equal("{\"a\":1}", again.ReportDataPayload);
    }

    [Fact]
    public void Layout_V0_does_not_take_what_it_cannot_hold() =>
        Assert.Throws<InvalidOperationException>(() => (Sample() with { Layout = AttestationLayout.V0 }).Encode());

    [Fact]
    public void Every_truncation_and_every_trailing_byte_is_refused()
    {
        foreach (byte[] bytes in new[] { Stripped(), Sample().Encode() })
        {
            for (int length = 0; length < bytes.Length; length++)
                Assert.False(VersionedAttestation.TryParse(bytes.AsMemory(0, length), out _, out _), $"{length} of {bytes.Length}");
            Assert.False(VersionedAttestation.TryParse((byte[])[.. bytes, 0], out _, out _));
        }
    }

    [Fact]
    public void Changed_and_random_bytes_never_throw()
    {
        byte[][] seeds = [Stripped(), Sample().Encode()];
        Prop.ForAll<int, int, byte>((which, at, value) =>
        {
            byte[] bytes = [.. seeds[Math.Abs(which % 2)]];
            bytes[(int)(Math.Abs((long)at) * 7919 % bytes.Length)] = value;
            return !VersionedAttestation.TryParse(bytes, out VersionedAttestation? attestation, out Finding? refusal)
                ? refusal is not null
                : attestation.Encode().Length > 0;
        }).QuickCheckThrowOnFailure();
        Prop.ForAll<byte[]>(bytes => new byte[] { 0, 0x83, 0xde, 0xdf }.All(first =>
            VersionedAttestation.TryParse((byte[])[first, .. bytes], out _, out Finding? refusal) || refusal is not null)).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("0001", "ATTESTATION_PLATFORM_UNSUPPORTED")]
    [InlineData("0003", "ATTESTATION_PLATFORM_UNSUPPORTED")]
    [InlineData("01", "ATTESTATION_FORMAT")]
    [InlineData("", "ATTESTATION_FORMAT")]
    [InlineData("0000ffffffffff", "ATTESTATION_FORMAT")]
    [InlineData("00000100", "ATTESTATION_FORMAT")]
    [InlineData("dfffffffff", "ATTESTATION_FORMAT")]
    [InlineData("81a776657273696f6e02", "ATTESTATION_FORMAT")]
    [InlineData("81a8706c6174666f726d82a46b696e64a77365762d736e70a46461746180", "ATTESTATION_PLATFORM_UNSUPPORTED")]
    public void What_is_no_TDX_attestation_is_refused_with_a_finding(string hex, string code)
    {
        Assert.False(VersionedAttestation.TryParse(Convert.FromHexString(hex), out _, out Finding? refusal));
        Assert.Equal(code, refusal.Code);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    public void Members_that_are_null_or_empty_beside_an_attestation_are_not_there(string none)
    {
        string file = $$"""{"attestation":"{{Convert.ToHexStringLower(Stripped())}}","quote":{{none}},"event_log":{{none}},"vm_config":{{none}}}""";
        Assert.True(DstackEvidence.TryParse(System.Text.Encoding.UTF8.GetBytes(file), out DstackEvidence? evidence, out Finding? refusal), refusal?.Message);
        Assert.Equal(TeeType.Tdx, evidence.Quote.Tee);
        Assert.False(DstackEvidence.TryParse(System.Text.Encoding.UTF8.GetBytes($$"""{"quote":{{none}}}"""), out _, out refusal));
        Assert.Equal("EVIDENCE_FORMAT", refusal.Code);
    }

    private static byte[] Stripped()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", "fixture-tdx-lite-attestation.json")));
        return Convert.FromHexString(json.RootElement.GetProperty("attestation").GetString()!);
    }

    private static VersionedAttestation Sample()
    {
        RuntimeEvent[] events = [new("app-id", new byte[20]), new("compose-hash", new byte[300], EventDigestVersion.V2), new("naïve", new byte[] { 200, 1 })];
        return new VersionedAttestation
        {
            Layout = AttestationLayout.V1,
            Quote = Enumerable.Range(0, 700).Select(i => (byte)(i & 0xFF)).ToArray(),
            EventLog = new EventLog([new EventLogEntry(0, 10, new byte[48], "acpi-rsdp", "ACPI DATA"u8.ToArray()), .. events.Select(EventLogEntry.Of)]),
            RuntimeEvents = events,
            ReportData = new byte[64],
            Config = "{\"cpu_count\":2}",
            ReportDataPayload = "{\"a\":1}",
        };
    }
}

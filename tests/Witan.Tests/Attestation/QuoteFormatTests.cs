using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation;

/// <summary>Bodies and extents that no real quote shows: each field of the extended body at its place, and bytes behind the quote.</summary>
public sealed class QuoteFormatTests : IDisposable
{
    private readonly SimulatedPlatform _platform = new("formats");

    public void Dispose() => _platform.Dispose();

    [Fact]
    public void The_extended_body_has_each_field_at_its_place()
    {
        byte[] v4 = _platform.QuoteBytes();
        byte[] body = [.. v4.AsSpan(48, 584), .. Enumerable.Range(0, 885 - 584).Select(i => (byte)i)];
        byte[] header = [.. v4.AsSpan(0, 48)];
        header[0] = 5;
        Quote quote = SimulatedPlatform.Parse([.. header, 4, 0, 0x75, 3, 0, 0, .. body, .. v4.AsSpan(632)]);
        Assert.Equal(TdReportKind.Td15Extended, quote.TdReport.Kind);
        TdReportExtension extension = quote.TdReport.Extension!.Value;
        byte[] At(int from, int size) => body[from..(from + size)];
        Assert.Equal(body[648], extension.VmId);
        Assert.Equal(At(649, 32), extension.TdId.ToArray());
        Assert.Equal(At(681, 48), extension.DeviceInfo.ToArray());
        Assert.Equal(At(729, 48), extension.InitialServiceTdHash.ToArray());
        Assert.Equal(System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(At(777, 8)), extension.InitialServiceTdAttributes);
        Assert.Equal(At(785, 16), extension.InitialCpuSvn.ToArray());
        Assert.Equal(At(801, 16), extension.InitialTeeTcbSvn.ToArray());
        Assert.Equal(At(817, 12), extension.InitialTeeFmspc.ToArray());
        Assert.Equal(At(829, 48), extension.CurrentServiceTdHash.ToArray());
        Assert.Equal(System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(At(877, 8)), extension.CurrentServiceTdAttributes);
        Assert.Equal(At(584, 16), quote.TdReport.TeeTcbSvn2.ToArray());
        Assert.Equal(At(600, 48), quote.TdReport.MrServiceTd.ToArray());
        Assert.Null(SimulatedPlatform.Parse(v4).TdReport.Extension);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(7, false)]
    public void Bytes_behind_the_quote_are_noted_or_refused(byte value, bool zero)
    {
        byte[] bytes = [.. _platform.QuoteBytes(), .. Enumerable.Repeat(value, 10)];
        Quote quote = SimulatedPlatform.Parse(bytes);
        Assert.Equal((10, zero), (quote.TrailingBytes, quote.TrailingBytesAreZero));
        QuoteFacts facts = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At);
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Assert.Equal("QUOTE_TRAILING_BYTES", facts.Findings[0].Code);
        Assert.False(Quote.TryParse(bytes, allowTrailingBytes: false, out Quote? none, out Finding? refusal));
        Assert.Null(none);
        Assert.Equal(("QUOTE_TRAILING_BYTES", (int?)(bytes.Length - 10)), (refusal.Code, refusal.Offset));
        Assert.True(Quote.TryParse(bytes.AsMemory(0, bytes.Length - 10), allowTrailingBytes: false, out _, out _));
    }
}

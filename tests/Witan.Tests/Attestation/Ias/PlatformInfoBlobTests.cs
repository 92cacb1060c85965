using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>The platform info blob in the right byte order.</summary>
public class PlatformInfoBlobTests
{
    // Put together from the numbers that an old tool printed in the wrong order.
    private const string Published =
        "1502006504000900000F0F02040180060000000000000000000B00000B000000020000000000000BAE63EFE1AB60DBD8D2F6D31465FEC1F642AA28"
        + "FFC550CB1122A4027F5F294FE93A8D7EE35C80030A20EF5CF03A5EA7CB96A6A8B4BF7EC46B841354D90E7C0EF5B3";

    [Fact]
    public void The_published_blob_means_what_it_says()
    {
        Assert.True(PlatformInfoBlob.TryParse(Convert.FromHexString(Published), out PlatformInfoBlob? blob, out _));
        Assert.Equal(EpidGroupConditions.OutOfDate, blob.GroupFlags);
        Assert.Equal(TcbConditions.CpuSvnOutOfDate | TcbConditions.ConfigurationNeeded, blob.TcbFlags);
        Assert.Equal(PseConditions.None, blob.PseFlags);
        Assert.Equal("0f0f0204018006000000000000000000", Convert.ToHexStringLower(blob.TargetCpuSvn));
        Assert.Equal((11, 11, 2u, 0u, 0x0BAEu), (blob.TargetPceSvn, blob.TargetPseSvn, blob.TargetPsdaSvn, blob.ExtendedEpidGroup, blob.EpidGroup));
        Assert.StartsWith(
            "platform_info_blob { sgx_epid_group_flags: 0x04 (group out of date), sgx_tcb_evaluation_flags: 0x0009 (CPUSVN out of date, platform configuration needed), pse_evaluation_flags: 0x0000, ",
            blob.ToString(),
            StringComparison.Ordinal);
        Assert.Contains("gid: 0x00000bae", blob.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_envelope_or_size_is_refused_with_its_offset()
    {
        byte[] whole = Convert.FromHexString(Published);
        for (int length = 0; length < whole.Length; length++)
            Refused(whole[..length], length);
        Refused([.. whole, 0], PlatformInfoBlob.Size);
        for (int at = 0; at < 4; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 1;
            Refused(changed, at < 2 ? at : 2);
        }
    }

    private static void Refused(byte[] bytes, int offset)
    {
        Assert.False(PlatformInfoBlob.TryParse(bytes, out _, out Finding? refusal));
        Assert.Equal(("IAS_PLATFORM_INFO_FORMAT", offset), (refusal.Code, refusal.Offset));
    }
}

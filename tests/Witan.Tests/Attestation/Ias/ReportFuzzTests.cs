using Witan.Attestation;
using Witan.Fuzz;
using Witan.Fuzz.Reports;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>A short, seeded run of the fuzz targets; <c>eng/fuzz.sh</c> runs them for ten minutes.</summary>
public class ReportFuzzTests
{
    [Fact]
    public void Changed_reports_are_refused_or_say_the_same()
    {
        byte[] sample = ReportFuzz.Sample(out IasTrustRoot root);
        Assert.NotNull(ReportFuzz.Claims(sample, root));
        Assert.Equal(0, new FuzzLoop("ias-report", file => ReportFuzz.Claims(file, root)).Mutate([sample], 3_000, seed: 1));
    }

    [Fact]
    public void Changed_platform_info_blobs_are_refused_or_decode_without_loss()
    {
        byte[] sample = Convert.FromHexString(PlatformInfoFuzz.Published);
        FuzzLoop loop = PlatformInfoFuzz.Loop();
        loop.Enumerate(sample);
        Assert.Equal(0, loop.Mutate([sample], 20_000, seed: 1));
    }
}

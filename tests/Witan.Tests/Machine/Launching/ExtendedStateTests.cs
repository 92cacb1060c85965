using Witan.Machine;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Launching;

/// <summary>The choice of XFRM: what fits into one page of the state save area.</summary>
public class ExtendedStateTests
{
    [Theory]
    [InlineData(0x7UL, 0x7UL)]
    [InlineData(0xE7UL, 0xE7UL)]
    [InlineData(0x602E7UL, 0x2E7UL)] // AMX does not fit
    [InlineData(0xE3UL, 0x3UL)] // AVX-512 without AVX cannot be
    [InlineData(0x3UL, 0x3UL)]
    public void As_much_as_fits(ulong xcr0, ulong chosen) => Assert.Equal(chosen, ExtendedState.Choose(Facts(0x602E7), xcr0));

    [Fact]
    public void The_processor_may_allow_less_than_is_enabled() => Assert.Equal(0x7UL, ExtendedState.Choose(Facts(0x7), 0x602E7));

    [Fact]
    public void Without_XCR0_or_sizes_it_stays_at_the_least()
    {
        Assert.Equal(ExtendedState.Least, ExtendedState.Choose(Facts(0x602E7), null));
        var bare = new SnapshotBuilder("test").SetCpuid(0, 0, 0x21, 0, 0, 0).SetCpuid(0x12, 1, 0xB6, 0, 0x2E7, 0);
        Assert.Equal(ExtendedState.Least, ExtendedState.Choose(new CpuFacts(bare.Build()), 0x2E7));
    }

    private static CpuFacts Facts(uint mask)
    {
        TestCpu cpu = TestCpu.SapphireRapids.Set(0x12, 1, 0xB6, 0, mask, 0).Set(0xD, 0, 0x602E7, 0, 0, 0);
        foreach ((uint component, uint size, uint offset) in new[] { (2u, 256u, 576u), (5u, 64u, 1088u), (6u, 512u, 1152u), (7u, 1024u, 1664u), (9u, 8u, 2688u), (17u, 64u, 2752u), (18u, 8192u, 2816u) })
            cpu.Set(0xD, component, size, offset, 0, 0);
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(cpu, to);
        return new CpuFacts(to.Build());
    }
}

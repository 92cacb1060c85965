using Witan.Machine;

namespace Witan.Tests.Machine.Roots;

/// <summary>A processor made of leaves; those in range that are not given are zero, as the real ones are.</summary>
internal sealed class TestCpu : ICpuid
{
    private const uint Hypervisor = 1u << 31;
    private readonly Dictionary<(uint Leaf, uint Subleaf), CpuidLeaf> _leaves = [];

    public bool IsSupported => true;

    public CpuidLeaf? Read(uint leaf, uint subleaf) => _leaves.GetValueOrDefault((leaf, subleaf)) ?? new CpuidLeaf(0, 0, 0, 0);

    public TestCpu Set(uint leaf, uint subleaf, uint eax, uint ebx, uint ecx, uint edx)
    {
        _leaves[(leaf, subleaf)] = new CpuidLeaf(eax, ebx, ecx, edx);
        return this;
    }

    /// <summary>An Intel processor; sgx and flc are the bits of leaf 7, bits the physical address width.</summary>
    public static TestCpu Intel(uint signature, bool guest = false, uint sgx = 0, uint flc = 0, uint highest = 0x21, uint bits = 52) => new TestCpu()
        .Set(0, 0, highest, 0x756E6547, 0x6C65746E, 0x49656E69)
        .Set(1, 0, signature, 0, guest ? Hypervisor : 0, 0)
        .Set(7, 0, 0, sgx << 2, flc << 30, 0)
        .Set(0x40000000, 0, 0x40000001, 0x4B4D564B, 0x564B4D56, 0x4D)
        .Set(0x80000000, 0, 0x80000008, 0, 0, 0)
        .Set(0x80000008, 0, 0x3900 | bits, 0, 0, 0);

    /// <summary>An AMD processor with leaf 8000001F.</summary>
    public static TestCpu Amd(uint sev, bool guest = false) => new TestCpu()
        .Set(0, 0, 0x10, 0x68747541, 0x444D4163, 0x69746E65)
        .Set(1, 0, 0x00A00F11, 0, guest ? Hypervisor : 0, 0)
        .Set(0x40000000, 0, 0x40000001, 0x4B4D564B, 0x564B4D56, 0x4D)
        .Set(0x80000000, 0, 0x80000021, 0, 0, 0)
        .Set(0x8000001F, 0, sev, 0x4173, 0x1FD, 0x80);

    /// <summary>A client with SGX on, launch control and 94 MiB.</summary>
    public static TestCpu Client => Intel(0x906ED, sgx: 1, flc: 1, highest: 0x16).WithSgx();

    /// <summary>Sapphire Rapids with SGX on.</summary>
    public static TestCpu SapphireRapids => Intel(0x806F8, sgx: 1, flc: 1).WithSgx();

    public TestCpu WithSgx(uint size = 0x05E00000, uint type = 1) => Set(0x12, 0, 1, 0, 0, 0x241F).Set(0x12, 1, 0xB6, 0, 0x2E7, 0).Set(0x12, 2, 0x70200001, 0, size | type, 0);
}

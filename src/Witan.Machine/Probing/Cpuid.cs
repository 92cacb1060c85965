using System.Runtime.Intrinsics.X86;

namespace Witan.Machine;

/// <summary>Where CPUID leaves come from: the processor, or a test.</summary>
internal interface ICpuid
{
    /// <summary>Whether there is such an instruction at all.</summary>
    bool IsSupported { get; }

    /// <summary>The four registers; null where a recording does not hold the leaf.</summary>
    CpuidLeaf? Read(uint leaf, uint subleaf);
}

/// <summary>The instruction itself.</summary>
internal sealed class ProcessorCpuid : ICpuid
{
    public bool IsSupported => X86Base.IsSupported;

    public CpuidLeaf? Read(uint leaf, uint subleaf)
    {
        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(unchecked((int)leaf), unchecked((int)subleaf));
        return unchecked(new CpuidLeaf((uint)eax, (uint)ebx, (uint)ecx, (uint)edx));
    }
}

/// <summary>The leaves of a recording, in place of the processor's own: a dump over a file tree.</summary>
internal sealed class RecordedCpuid(MachineSnapshot recording) : ICpuid
{
    private readonly CpuFacts _facts = new(recording);

    public bool IsSupported => true;

    public CpuidLeaf? Read(uint leaf, uint subleaf) => _facts.Recorded(leaf, subleaf);
}

/// <summary>Records the leaves that the checks ask for.</summary>
internal static class CpuidProbe
{
    /// <summary>Why there is no leaf on a processor that is not x86.</summary>
    public const string NoInstruction = "ENOSYS";

    private const uint MostSections = 64;
    private const uint MostBasic = 0xFFFF;

    public static void Run(ICpuid cpuid, SnapshotBuilder to)
    {
        if (!cpuid.IsSupported)
        {
            to.Set(Section.Cpuid, SnapshotBuilder.CpuidKey(0, 0), Reading.Failed(NoInstruction));
            return;
        }

        uint highest = Record(cpuid, to, 0)?.Eax ?? MostBasic;
        uint features = highest >= 1 ? RecordFeatures(cpuid, to) : 0;
        if (highest >= 7)
            Record(cpuid, to, 7);
        if (highest >= 0xD)
            RecordState(cpuid, to);
        if (highest >= 0x12)
            RecordSgx(cpuid, to);
        if (highest >= 0x21)
            Record(cpuid, to, 0x21);
        if ((features & (1u << 31)) != 0)
            RecordHypervisor(cpuid, to);
        uint extended = Record(cpuid, to, 0x80000000)?.Eax ?? uint.MaxValue;
        foreach (uint leaf in new uint[] { 0x80000002, 0x80000003, 0x80000004, 0x80000008, 0x8000001F })
        {
            if (extended >= leaf)
                Record(cpuid, to, leaf);
        }
    }

    private static CpuidLeaf? Record(ICpuid cpuid, SnapshotBuilder to, uint leaf, uint subleaf = 0)
    {
        CpuidLeaf? value = cpuid.Read(leaf, subleaf);
        if (value is not null)
            to.SetCpuid(leaf, subleaf, value.Eax, value.Ebx, value.Ecx, value.Edx);
        return value;
    }

    // The number of the core that ran the instruction is left out: it changes from run to run.
    private static uint RecordFeatures(ICpuid cpuid, SnapshotBuilder to)
    {
        if (cpuid.Read(1, 0) is not { } value)
            return 0;
        to.SetCpuid(1, 0, value.Eax, value.Ebx & 0x00FFFFFF, value.Ecx, value.Edx);
        return value.Ecx;
    }

    private static void RecordState(ICpuid cpuid, SnapshotBuilder to)
    {
        uint mask = Record(cpuid, to, 0xD)?.Eax ?? 0;
        Record(cpuid, to, 0xD, 1);
        for (uint component = 2; component < 32; component++)
        {
            if ((mask >> (int)component & 1) != 0)
                Record(cpuid, to, 0xD, component);
        }
    }

    private static void RecordSgx(ICpuid cpuid, SnapshotBuilder to)
    {
        Record(cpuid, to, 0x12);
        Record(cpuid, to, 0x12, 1);
        for (uint section = 2; section < 2 + MostSections; section++)
        {
            if (((Record(cpuid, to, 0x12, section)?.Eax ?? 0) & 0xF) == 0)
                return;
        }
    }

    private static void RecordHypervisor(ICpuid cpuid, SnapshotBuilder to)
    {
        uint highest = Record(cpuid, to, 0x40000000)?.Eax ?? 0;
        if (highest < 0x4000000C || highest >= 0x40010000)
            return;
        Record(cpuid, to, 0x40000003);
        Record(cpuid, to, 0x4000000C);
    }
}

namespace Witan.Machine;

/// <summary>CPUID leaf 8000001F: what the processor can encrypt.</summary>
internal sealed class SevFacts(CpuFacts cpu)
{
    public const uint Leaf = 0x8000001F;

    public bool? Snp => cpu.Bit(Leaf, 0, leaf => leaf.Eax, 4);

    public bool? Sev => cpu.Bit(Leaf, 0, leaf => leaf.Eax, 1);

    public bool IsZero => cpu.IsOutOfRange(Leaf) || cpu.Leaf(Leaf)?.IsZero == true;

    public string Evidence => cpu.Evidence(Leaf);

    /// <summary>The leaf in words.</summary>
    public IEnumerable<string> Describe()
    {
        yield return Evidence;
        if (cpu.Leaf(Leaf) is not { IsZero: false } leaf)
            yield break;
        (int Bit, string Name)[] names = [(0, "SME"), (1, "SEV"), (3, "SEV-ES"), (4, "SEV-SNP"), (5, "VMPL"), (8, "secure TSC"), (2, "page-flush MSR")];
        yield return "in the processor: " + string.Join(", ", names.Where(name => (leaf.Eax >> name.Bit & 1) != 0).Select(name => name.Name));
        yield return $"C-bit {leaf.Ebx & 0x3F}, {leaf.Ebx >> 6 & 0x3F} physical address bits lost, {leaf.Ebx >> 12 & 0xF} VMPLs, {leaf.Ecx} encrypted guests at most, smallest ASID without ES {leaf.Edx}";
    }
}

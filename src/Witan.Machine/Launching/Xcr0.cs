namespace Witan.Machine;

/// <summary>Reads XCR0 by a few bytes of machine code: .NET has no XGETBV. Only in a child process.</summary>
internal static unsafe class Xcr0
{
    // mov ecx, edi; xgetbv; shl rdx, 32; or rax, rdx; ret
    private static ReadOnlySpan<byte> Code => [0x89, 0xF9, 0x0F, 0x01, 0xD0, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3];

    /// <summary>The register; null where a security module forbids executable memory, or the processor has no XSAVE.</summary>
    public static ulong? Read(CpuFacts cpu)
    {
        const int OsXsave = 27;
        if (cpu.Bit(1, 0, leaf => leaf.Ecx, OsXsave) != true)
            return null;
        nint page = Libc.Map(0, EnclavePage.Size, Libc.ProtRead | Libc.ProtWrite, Libc.MapPrivate | Libc.MapAnonymous, -1, 0);
        if (page == -1)
            return null;
        try
        {
            Code.CopyTo(new Span<byte>((void*)page, EnclavePage.Size));
            return Libc.Protect(page, EnclavePage.Size, Libc.ProtRead | Libc.ProtExec) == 0
                ? ((delegate* unmanaged<uint, ulong>)page)(0)
                : null;
        }
        finally
        {
            _ = Libc.Unmap(page, EnclavePage.Size);
        }
    }
}

using System.Runtime.InteropServices;

namespace Witan.Machine;

/// <summary>How a launch ended.</summary>
/// <param name="Step">Null where it succeeded; else open, reserve, create, add, map or init.</param>
/// <param name="Error">The errno of that step.</param>
internal readonly record struct LaunchResult(string? Step, int Error)
{
    /// <summary>As a snapshot holds it.</summary>
    public Reading ToReading() => Step is null ? Reading.Of(LaunchOutcomes.Launched) : Reading.Failed($"{Step} {Errno.Name(Error)}");
}

/// <summary>
/// Creates and initialises an enclave through the driver in the kernel, and destroys it. A successful EINIT is the answer;
/// the enclave is not entered.
/// </summary>
internal sealed unsafe class EnclaveLauncher(IEnclaveKernel kernel)
{
    public const ulong Create = 0x4008A400, AddPages = 0xC030A401, Init = 0x4008A402;

    /// <summary>How often an interrupted EINIT is repeated.</summary>
    public const int MostAttempts = 5;

    private const int SecInfoSize = 64;
    private const ulong Measure = 1;

    public LaunchResult Launch(string device, EnclaveBlueprint blueprint, SigStruct signature, ulong attributes, ulong xfrm)
    {
        int error = kernel.Open(device, out int descriptor);
        if (error != 0)
            return new LaunchResult("open", error);
        // Everything the kernel reads lies in whole pages: SECS, SECINFO, SIGSTRUCT and the source of a page.
        byte* memory = (byte*)NativeMemory.AlignedAlloc(3 * EnclavePage.Size, EnclavePage.Size);
        nint reserved = 0, start = 0;
        var size = (nuint)blueprint.Size;
        try
        {
            // Twice the size holds one aligned to it.
            error = kernel.Reserve(2 * size, out reserved);
            if (error != 0)
                return new LaunchResult("reserve", error);
            start = (nint)(((nuint)reserved + size - 1) & ~(size - 1));
            return Build(descriptor, (ulong)start, memory, blueprint, signature, attributes, xfrm);
        }
        finally
        {
            if (reserved > 0)
                _ = kernel.Release(reserved, 2 * size);
            kernel.Close(descriptor);
            NativeMemory.AlignedFree(memory);
        }
    }

    private LaunchResult Build(int descriptor, ulong start, byte* memory, EnclaveBlueprint blueprint, SigStruct signature, ulong attributes, ulong xfrm)
    {
        byte* source = memory, secInfo = memory + EnclavePage.Size, argument = memory + EnclavePage.Size + 1024;
        new Span<byte>(memory, 3 * EnclavePage.Size).Clear();
        *(ulong*)source = blueprint.Size;
        *(ulong*)(source + 8) = start;
        *(uint*)(source + 16) = blueprint.SsaFrameSize;
        *(uint*)(source + 20) = signature.MiscSelect;
        *(ulong*)(source + 48) = attributes;
        *(ulong*)(source + 56) = xfrm;
        *(ulong*)argument = (ulong)source;
        int error = kernel.Request(descriptor, Create, (nint)argument);
        if (error != 0)
            return new LaunchResult("create", error);
        foreach (EnclavePage page in blueprint.Pages)
        {
            page.Data.CopyTo(new Span<byte>(source, EnclavePage.Size));
            new Span<byte>(secInfo, SecInfoSize).Clear();
            *(ulong*)secInfo = page.Flags;
            error = Add(descriptor, argument, source, secInfo, page);
            if (error != 0)
                return new LaunchResult("add", error);
        }

        foreach (EnclavePage page in blueprint.Pages)
        {
            error = kernel.MapDevice((nint)(start + page.Offset), EnclavePage.Size, page.Protection, descriptor);
            if (error != 0)
                return new LaunchResult("map", error);
        }

        byte* signed = memory + (2 * EnclavePage.Size);
        signature.Bytes.CopyTo(new Span<byte>(signed, SigStruct.Size));
        *(ulong*)argument = (ulong)signed;
        for (int attempt = 1; ; attempt++)
        {
            error = kernel.Request(descriptor, Init, (nint)argument);
            if (error == 0)
                return default;
            if (error != Errno.Eintr || attempt == MostAttempts)
                return new LaunchResult("init", error);
        }
    }

    private int Add(int descriptor, byte* argument, byte* source, byte* secInfo, EnclavePage page)
    {
        ulong* fields = (ulong*)argument;
        (fields[0], fields[1], fields[2]) = ((ulong)source, page.Offset, EnclavePage.Size);
        (fields[3], fields[4], fields[5]) = ((ulong)secInfo, page.IsMeasured ? Measure : 0, 0);
        int error = kernel.Request(descriptor, AddPages, (nint)argument);
        // A page that was taken only in part was not taken.
        return error == 0 && fields[5] != EnclavePage.Size ? Errno.Eio : error;
    }
}

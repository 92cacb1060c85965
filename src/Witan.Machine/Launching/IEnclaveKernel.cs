namespace Witan.Machine;

/// <summary>The system calls by which an enclave is launched. Each returns 0 or an errno.</summary>
internal interface IEnclaveKernel
{
    int Open(string path, out int descriptor);

    /// <summary>Reserves address space without memory behind it.</summary>
    int Reserve(nuint length, out nint address);

    int Release(nint address, nuint length);

    int Request(int descriptor, ulong number, nint argument);

    int MapDevice(nint address, nuint length, int protection, int descriptor);

    void Close(int descriptor);
}

/// <summary>The real ones.</summary>
internal sealed class LinuxEnclaveKernel : IEnclaveKernel
{
    public int Open(string path, out int descriptor)
    {
        descriptor = Libc.Open(path, Libc.ReadWrite | Libc.CloseOnExec);
        return descriptor < 0 ? Libc.LastError : 0;
    }

    public int Reserve(nuint length, out nint address)
    {
        address = Libc.Map(0, length, Libc.ProtNone, Libc.MapShared | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);
        return address == -1 ? Libc.LastError : 0;
    }

    public int Release(nint address, nuint length) => Libc.Unmap(address, length) < 0 ? Libc.LastError : 0;

    public int Request(int descriptor, ulong number, nint argument) => Libc.Ioctl(descriptor, number, argument) switch
    {
        < 0 => Libc.LastError,
        // A positive answer is an error of the processor, which only the legacy driver passes on.
        > 0 => Errno.Eio,
        _ => 0,
    };

    public int MapDevice(nint address, nuint length, int protection, int descriptor) =>
        Libc.Map(address, length, protection, Libc.MapShared | Libc.MapFixed, descriptor, 0) == -1 ? Libc.LastError : 0;

    public void Close(int descriptor) => Libc.Close(descriptor);
}

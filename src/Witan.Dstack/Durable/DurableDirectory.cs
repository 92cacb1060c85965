using System.Runtime.InteropServices;

namespace Witan.Dstack;

/// <summary>Flushes a directory: a rename in it is durable only then. The framework opens no directories, so the C library does.</summary>
internal static partial class DurableDirectory
{
    private const int ReadOnlyDirectory = 0x10000 | 0x80000;

    /// <summary>Flushes. Throws <see cref="IOException"/> where the disk does not take it.</summary>
    public static void Flush(string path)
    {
        int handle = Open(path, ReadOnlyDirectory);
        if (handle < 0)
            throw new IOException($"{path} cannot be opened to be flushed: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (Synchronise(handle) != 0)
                throw new IOException($"{path} cannot be flushed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronise(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Witan.Dstack;

/// <summary>
/// Lets a file that takes another's place belong to whom the other one belonged: else the administrator who changes a service's file takes it
/// away from the service. The framework knows no owners, so the C library is asked.
/// </summary>
internal static unsafe partial class FileOwner
{
    private const int WorkingDirectory = -100;
    private const uint OwnerAndGroup = 0x8 | 0x10;
    // struct statx: the same on every architecture.
    private const int Size = 256, UserAt = 20, GroupAt = 24;

    /// <summary>Gives <paramref name="next"/> the owner of <paramref name="path"/>, where there is such a file and this process may. Throws <see cref="IOException"/>.</summary>
    public static void Keep(string path, string next)
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(path))
            return;
        byte* found = stackalloc byte[Size];
        if (Look(WorkingDirectory, path, 0, OwnerAndGroup, found) != 0)
            throw new IOException($"the owner of {path} cannot be read: {Marshal.GetLastPInvokeErrorMessage()}");
        var bytes = new ReadOnlySpan<byte>(found, Size);
        if (Give(next, BinaryPrimitives.ReadUInt32LittleEndian(bytes[UserAt..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[GroupAt..])) != 0)
            throw new IOException($"{next} cannot be given to the owner of {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Look(int directory, string path, int flags, uint mask, byte* found);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Give(string path, uint user, uint group);
}

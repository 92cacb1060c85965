using System.Runtime.InteropServices;

namespace Witan.Machine;

/// <summary>Loads a library and lets go of it again.</summary>
internal static class LibraryProbe
{
    public static void Load(string name, SnapshotBuilder to)
    {
        bool loads = NativeLibrary.TryLoad(name, out nint handle);
        to.Set(Section.Libraries, name, loads ? Reading.Of("loads") : Reading.Failed("load-failed"));
        if (loads)
            NativeLibrary.Free(handle);
    }
}

using System.Runtime.InteropServices;

namespace Witan.Machine;

/// <summary>Loads a library and lets go of it again.</summary>
internal static class LibraryProbe
{
    /// <summary>What a child process found out about loading begins with this.</summary>
    public const string Prefix = "load-";

    /// <summary>It was tried, and the library does not load.</summary>
    public const string DoesNotLoad = Prefix + "failed";

    /// <summary>Whether the child process that loads it said nothing: then nothing is known of the library.</summary>
    public static bool WasNotDecided(Reading library) =>
        library.Error.StartsWith(Prefix, StringComparison.Ordinal) && library.Error != DoesNotLoad;

    public static void Load(string name, SnapshotBuilder to)
    {
        bool loads = NativeLibrary.TryLoad(name, out nint handle);
        to.Set(Section.Libraries, name, loads ? Reading.Of("loads") : Reading.Failed(DoesNotLoad));
        if (loads)
            NativeLibrary.Free(handle);
    }
}

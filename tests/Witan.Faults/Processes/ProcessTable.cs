using System.Globalization;
using System.Runtime.InteropServices;

namespace Witan.Faults.Processes;

/// <summary>Looks at and ends processes by their number, as the kernel lists them.</summary>
public static partial class ProcessTable
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>Ends a process at once.</summary>
    public static void Kill(int id) => _ = kill(id, SigKill);

    /// <summary>Does what Ctrl-C does.</summary>
    public static void Interrupt(int id) => _ = kill(id, SigInt);

    /// <summary>Tells a process to stop.</summary>
    public static void Terminate(int id) => _ = kill(id, SigTerm);

    /// <summary>Whether a process still runs; a zombie does not.</summary>
    public static bool IsAlive(int id) => Stat(id) is { } stat && stat.State != 'Z';

    /// <summary>The direct children of a process.</summary>
    public static int[] ChildrenOf(int parent) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)).Where(id => Stat(id)?.Parent == parent),
    ];

    private static (char State, int Parent)? Stat(int id)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int id, int signal);
}

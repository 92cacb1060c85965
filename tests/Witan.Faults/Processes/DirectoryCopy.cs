using System.Diagnostics;

namespace Witan.Faults.Processes;

/// <summary>Snapshots of directories, as a host takes and restores them.</summary>
public static class DirectoryCopy
{
    /// <summary>Makes a directory what another is, owners and modes included.</summary>
    public static void Replace(string source, string target)
    {
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        using Process copy = Process.Start("/bin/cp", ["-a", source, target]);
        copy.WaitForExit();
        if (copy.ExitCode != 0)
            throw new IOException($"{source} could not be copied to {target}");
    }
}

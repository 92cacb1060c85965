using System.Runtime.InteropServices;

namespace Witan.Agent;

/// <summary>Ties a child process to the parent that started it: when the parent dies, however it dies, so does the child.</summary>
public static partial class ParentGuard
{
    /// <summary>Environment variable with the parent's process id; set by whoever starts agents as children.</summary>
    public const string Variable = "WITAN_PARENT_PID";

    /// <summary>Arms the guard where the variable is set.</summary>
    public static void Arm()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable(Variable), out int parent))
            return;
        // Not PR_SET_PDEATHSIG: that fires when the thread that forked ends, and a pool thread may end at any time.
        new Thread(() => Watch(parent)) { IsBackground = true, Name = "parent guard" }.Start();
    }

    private static void Watch(int parent)
    {
        while (getppid() == parent)
            Thread.Sleep(250);
        Environment.Exit(137);
    }

    [LibraryImport("libc")]
    private static partial int getppid();
}

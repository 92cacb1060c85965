namespace Witan.Machine;

/// <summary>What the user who looked was allowed.</summary>
internal static class Rights
{
    /// <summary>Whether root has looked: then a refusal is the container's or the locked down kernel's, and "run as root" is no advice.</summary>
    public static bool IsRoot(MachineSnapshot snapshot) => snapshot[Section.Rights, "root"].Text == "yes";
}

namespace Witan.Machine;

/// <summary>With which rights the machine was looked at.</summary>
internal static class Rights
{
    /// <summary>Whether root has looked: then "run this command as root" is no remedy.</summary>
    public static bool IsRoot(MachineSnapshot snapshot) => snapshot[Section.Rights, "root"].Text == "yes";
}

namespace Witan.Machine;

/// <summary>Short ways to build the lines that all TEEs have: a flag of the kernel, a device, a bit of a register.</summary>
internal static class Lines
{
    public static Problem Unread(string code, string what, string evidence, string why, string remedy, Actor actor = Actor.KernelOwner, bool harmless = false) =>
        Problem.Of(ProblemState.Unreadable, code, $"{what} could not be read.", evidence, why, remedy, actor, harmless);

    public static Problem UnreadMsr(MachineSnapshot snapshot, string code, string what, uint register, bool harmless = false)
    {
        Reading reading = snapshot[Section.Msr, SnapshotBuilder.MsrKey(register)];
        return Unread(code, what, FeatureControl.Evidence(snapshot, register), FeatureControl.Why(reading), FeatureControl.HowToRead(snapshot, reading),
            reading.IsFailure && reading.Error != "EIO" ? Actor.KernelOwner : Actor.Nobody, harmless);
    }

    /// <summary>
    /// Of the names under which a thing may lie, the first that works, else the first that is there; null where none is. A dead one beside one that works
    /// says nothing.
    /// </summary>
    public static string? Found(MachineSnapshot snapshot, string section, string[] names) => Array.Find(names, name => snapshot[section, name].HasValue)
        ?? Array.Find(names, name => snapshot[section, name] is { IsFailure: true, IsMissing: false });

    /// <summary>Whether a request was answered; null where it is not recorded.</summary>
    public static bool? Answered(Reading request) => request.HasValue ? true : request.IsFailure ? false : null;

    /// <summary>yes or no of /proc/cpuinfo; null where not recorded.</summary>
    public static bool? Flag(MachineSnapshot snapshot, string name) => snapshot[Section.Flags, name].Text switch
    {
        "yes" => true,
        "no" => false,
        _ => null,
    };

    /// <summary>Y or 1, N or 0 of a module parameter; false where the file does not exist, null where not recorded or refused.</summary>
    public static bool? Parameter(MachineSnapshot snapshot, string path)
    {
        Reading reading = snapshot[Section.Files, path];
        return reading.HasValue ? reading.Text is "Y" or "y" or "1" : reading.IsMissing ? false : null;
    }

    public static string Evidence(MachineSnapshot snapshot, string section, string key) =>
        section == Section.Flags ? $"/proc/cpuinfo flag {key}: {snapshot[section, key]}" : $"{key}: {snapshot[section, key]}";
}

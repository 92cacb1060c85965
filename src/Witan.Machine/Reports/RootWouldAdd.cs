namespace Witan.Machine;

/// <summary>What was refused to this user and would be readable for root: so that a ? is no riddle.</summary>
internal static class RootWouldAdd
{
    private static readonly string[] Sections = [Section.Efi, Section.Devices, Section.Files, Section.Sockets];

    /// <summary>Names for people; empty where nothing was refused, or root has looked already.</summary>
    public static IReadOnlyList<string> Of(MachineSnapshot snapshot)
    {
        if (snapshot[Section.Rights, "root"].Text != "no")
            return [];
        var names = new List<string>();
        string[] registers = [.. snapshot.Keys(Section.Msr).Where(key => snapshot[Section.Msr, key].IsRefused)];
        if (registers.Length > 0)
            names.Add($"MSR {string.Join(", ", registers.Select(key => key.TrimStart('0').ToUpperInvariant()))}");
        foreach (string section in Sections)
        {
            foreach (string key in snapshot.Keys(section))
            {
                if (snapshot[section, key].IsRefused)
                    names.Add(section == Section.Efi ? $"EFI variable {key.Split('-')[0]}" : key);
            }
        }

        return names;
    }
}

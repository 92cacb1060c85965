namespace Witan.Machine;

/// <summary>One line of <c>/proc/self/mountinfo</c>.</summary>
internal sealed record Mount(string Point, string Options, string Type)
{
    public static IEnumerable<Mount> ReadAll(SystemRoot root)
    {
        string text = root.Text("/proc/self/mountinfo", 1 << 20).Text;
        foreach (string line in text.Split('\n'))
        {
            // id parent major:minor root POINT OPTIONS [tags] - TYPE source super-options
            string[] parts = line.Split(' ');
            int dash = Array.IndexOf(parts, "-");
            if (parts.Length > 6 && dash >= 6 && dash + 1 < parts.Length)
                yield return new Mount(parts[4], parts[5], parts[dash + 1]);
        }
    }
}

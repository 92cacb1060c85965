namespace Witan.Dstack.Cloud;

/// <summary>The names that the platform takes for CVMs.</summary>
public static class CvmName
{
    /// <summary>5 to 63 letters, digits and single hyphens; a letter first, no hyphen last.</summary>
    public static bool IsValid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is >= 5 and <= 63 && char.IsAsciiLetter(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && !name.Contains("--", StringComparison.Ordinal);
    }
}

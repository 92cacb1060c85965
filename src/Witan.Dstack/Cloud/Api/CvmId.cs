namespace Witan.Dstack.Cloud;

/// <summary>The forms in which a CVM can be named in a path.</summary>
internal static class CvmId
{
    /// <summary>
    /// The path segment for a name, <c>cvm_…</c>, uuid (dashes dropped), app id (40 digits get the prefix <c>app_</c>) or instance id.
    /// </summary>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public static string Segment(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        string trimmed = id.Trim();
        if (trimmed.Length == 40 && trimmed.All(char.IsAsciiHexDigit))
            return "app_" + trimmed.ToLowerInvariant();
        if (Guid.TryParseExact(trimmed, "D", out Guid uuid))
            return uuid.ToString("N");
        return Uri.EscapeDataString(trimmed);
    }
}

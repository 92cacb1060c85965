namespace Witan.Agent;

/// <summary>The coordinators of a council as an operator names them: one address, or several of the same store, between commas.</summary>
public static class CoordinatorList
{
    /// <summary>Reads a list. Throws <see cref="SettingException"/> where it is empty or holds no proper address.</summary>
    public static IReadOnlyList<Uri> Parse(string? text)
    {
        string[] parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0)
            throw new SettingException("WITAN_COORDINATOR names no coordinator", "WITAN_COORDINATOR=https://HOST:3000, several between commas");
        return [.. parts.Select(part => Uri.TryCreate(part, UriKind.Absolute, out Uri? uri) && (uri.Scheme is "http" or "https")
            ? uri
            : throw new SettingException($"WITAN_COORDINATOR: {part} is no http address"))];
    }
}

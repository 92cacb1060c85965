using System.Globalization;

namespace Witan.Agent;

/// <summary>The settings in force, one line each with where it came from. What may be a secret is not shown; files are named and texts are hashed, never read out.</summary>
public static class SettingLines
{
    /// <summary>Lines for named settings. What is not in <paramref name="origins"/> is a default.</summary>
    public static IEnumerable<string> Of(IEnumerable<(string Name, string? Value)> settings, IReadOnlyDictionary<string, string> origins) =>
        settings.Select(setting => $"setting {setting.Name} = {setting.Value ?? "(none)"} ({origins.GetValueOrDefault(setting.Name, "default")})");

    /// <summary>Lines for those of some variables that are set; of a secret one the value is not shown.</summary>
    public static IEnumerable<string> Of(IEnumerable<(string Variable, bool IsSecret)> variables, Func<string, string?> environment)
    {
        foreach ((string variable, bool isSecret) in variables)
        {
            if (environment(variable) is { Length: > 0 } value)
                yield return $"setting {variable} = {(isSecret ? "***" : TextOrFile.Of(value) is { IsText: true } text ? text.Name : Masked(value))} (environment)";
        }
    }

    /// <summary>Of an address only scheme, host and port: user, password, path and query may each be a secret. Other text as it is.</summary>
    public static string Masked(string value)
    {
        int colon = value.IndexOf("https://", StringComparison.Ordinal) is > 0 and var at ? at : 0;
        return Uri.TryCreate(value[colon..], UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0
            ? $"{value[..colon]}{uri.Scheme}://{uri.Host}{(uri.IsDefaultPort || uri.Port < 0 ? "" : $":{uri.Port}")}{(uri.UserInfo.Length > 0 || uri.PathAndQuery.Length > 1 ? "/***" : "")}"
            : value.Contains("://", StringComparison.Ordinal) ? "***" : value;
    }

    /// <summary>A number as it is written everywhere.</summary>
    public static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    /// <summary>A time in seconds.</summary>
    public static string Seconds(TimeSpan value) => $"{value.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s";
}

namespace Witan.Agent;

/// <summary>Where settings came from, by the name of their property: <c>option</c> or <c>environment</c>. The others are defaults.</summary>
public static class SettingOrigins
{
    /// <summary>Which of some settings the environment gives.</summary>
    public static IReadOnlyDictionary<string, string> OfEnvironment(IEnumerable<(string Variable, string Setting)> settings, Func<string, string?> environment) =>
        settings.Where(pair => environment(pair.Variable) is not null).ToDictionary(pair => pair.Setting, _ => "environment", StringComparer.Ordinal);
}

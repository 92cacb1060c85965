namespace Witan.Agent;

/// <summary>The settings in force of a worker or trustee, as lines for its log.</summary>
public static class AgentSettings
{
    /// <summary>
    /// The lines, with <paramref name="more"/> settings of its own, and those of the environment's <paramref name="variables"/> that are set.
    /// </summary>
    public static IEnumerable<string> Of(
        AgentOptions options,
        IEnumerable<(string Name, string? Value)> more,
        IEnumerable<(string Variable, bool IsSecret)> variables,
        Func<string, string?> environment) =>
    [
        .. SettingLines.Of(
            [
                (nameof(options.Name), options.Name),
                (nameof(options.Coordinator), SettingLines.Masked(options.Coordinator.OriginalString)),
                .. options.OtherCoordinators.Select(other => (nameof(options.OtherCoordinators), (string?)SettingLines.Masked(other.OriginalString))),
                (nameof(options.CoordinatorAuthority), options.CoordinatorAuthority),
                (nameof(options.State), options.State),
                (nameof(options.LocalMode), options.LocalMode),
                (nameof(options.Socket), options.Socket),
                (nameof(options.DevelopmentRoot), options.DevelopmentRoot),
                (nameof(options.Collateral), TextOrFile.Shown(options.Collateral)),
                (nameof(options.Policy), TextOrFile.Shown(options.Policy)),
                .. more,
            ],
            options.Origins),
        .. SettingLines.Of([(LogLines.Variable, false), .. variables], environment),
    ];
}

using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>What stands behind a record's agents. Part of every record, and never to be confused.</summary>
[JsonConverter(typeof(NamedConverter<ExecutionMode>))]
public enum ExecutionMode
{
    /// <summary>LOCAL_MODE: no evidence at all. For development and testing only.</summary>
    Local,

    /// <summary>Real formats under a development root.</summary>
    Simulated,

    /// <summary>Real evidence.</summary>
    Production,
}

/// <summary>How a mode is named to people.</summary>
public static class ExecutionModes
{
    /// <summary>What every output of this mode says; null for production, the normal case.</summary>
    public static string? Mark(this ExecutionMode mode) => mode switch
    {
        ExecutionMode.Local => "local: no execution integrity",
        ExecutionMode.Simulated => "simulated",
        _ => null,
    };

    /// <summary>
    /// The warning behind the mark, in full; null for production. LOCAL_MODE's says the three things that its documents oblige
    /// every output to say: no guarantees, what it is for, and never in production.
    /// </summary>
    public static string? Warning(this ExecutionMode mode) => mode switch
    {
        ExecutionMode.Local =>
            "LOCAL_MODE gives zero execution integrity guarantees. It exists solely for development and testing. Never use it in production.",
        ExecutionMode.Simulated =>
            "Simulated evidence proves that the path works, and nothing about any machine. A production verifier rejects it.",
        _ => null,
    };
}

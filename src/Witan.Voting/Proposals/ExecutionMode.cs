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
}

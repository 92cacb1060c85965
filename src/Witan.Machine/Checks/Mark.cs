namespace Witan.Machine;

/// <summary>The four marks of a check, and their algebra.</summary>
public enum Mark
{
    /// <summary>✔: it is there and works.</summary>
    Supported,

    /// <summary>✘ in yellow: it is not there, and nothing depends on it alone.</summary>
    Unsupported,

    /// <summary>✘ in red: it is not there, and what needs it cannot work.</summary>
    Fatal,

    /// <summary>?: could not be decided.</summary>
    Unknown,
}

/// <summary>How marks are made and combined.</summary>
public static class Marks
{
    /// <summary>True is supported, false is fatal, no value is unknown.</summary>
    public static Mark Required(bool? value) => value is null ? Mark.Unknown : value.Value ? Mark.Supported : Mark.Fatal;

    /// <summary>True is supported, false is unsupported, no value is unknown.</summary>
    public static Mark Optional(bool? value) => value is null ? Mark.Unknown : value.Value ? Mark.Supported : Mark.Unsupported;

    /// <summary>Fatal if either is; else unknown if either is; else supported if either is; else unsupported.</summary>
    public static Mark And(this Mark a, Mark b) =>
        a == Mark.Fatal || b == Mark.Fatal ? Mark.Fatal
        : a == Mark.Unknown || b == Mark.Unknown ? Mark.Unknown
        : a == Mark.Supported || b == Mark.Supported ? Mark.Supported
        : Mark.Unsupported;

    /// <summary>Supported if either is; else unknown if either is; else fatal.</summary>
    public static Mark Or(this Mark a, Mark b) =>
        a == Mark.Supported || b == Mark.Supported ? Mark.Supported
        : a == Mark.Unknown || b == Mark.Unknown ? Mark.Unknown
        : Mark.Fatal;

    /// <summary>Fatal becomes unsupported: what is missing spoils nothing else.</summary>
    public static Mark Downgraded(this Mark mark) => mark == Mark.Fatal ? Mark.Unsupported : mark;
}

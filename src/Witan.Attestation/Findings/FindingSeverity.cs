namespace Witan.Attestation;

/// <summary>How much a <see cref="Finding"/> weighs.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing, changes nothing.</summary>
    Note,

    /// <summary>Not wrong today; will be, or may be for some purposes.</summary>
    Warning,

    /// <summary>Could not be decided: something was missing or unreachable. Never a pass and never evidence of a fault.</summary>
    Undecided,

    /// <summary>Speaks against the subject.</summary>
    Error,
}

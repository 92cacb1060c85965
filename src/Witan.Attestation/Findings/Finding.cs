namespace Witan.Attestation;

/// <summary>
/// One thing that a check found out: what it is, why it matters, how to fix it, and who must act. Every verifier, probe
/// and linter of the product reports in this one shape, so that a finding reads the same wherever it comes from.
/// </summary>
/// <param name="Code">Stable, upper snake case, never reused for another meaning, for example <c>PCK_REVOKED</c>.</param>
/// <param name="Severity">How much it weighs. Only <see cref="FindingSeverity.Error"/> speaks against the subject.</param>
/// <param name="Message">One sentence: what was found, with the values found and needed.</param>
public sealed record Finding(string Code, FindingSeverity Severity, string Message)
{
    /// <summary>What it is about: the document, certificate, field, file or service. Null where the code says it all.</summary>
    public string? Subject { get; init; }

    /// <summary>Why it matters to the person who reads it. Null where the message already says so.</summary>
    public string? Why { get; init; }

    /// <summary>The step that mends it, as an instruction or an exact command. Null where nothing can be done.</summary>
    public string? Remedy { get; init; }

    /// <summary>Who has to take that step.</summary>
    public FindingActor Actor { get; init; } = FindingActor.Nobody;

    /// <summary>What was seen, as short text: bytes in hexadecimal, a value beside the value needed, a source.</summary>
    public string? Evidence { get; init; }

    /// <summary>Offset in bytes into the document that the finding is about, where there is one.</summary>
    public int? Offset { get; init; }
}

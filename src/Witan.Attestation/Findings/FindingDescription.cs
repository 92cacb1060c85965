namespace Witan.Attestation;

/// <summary>What a finding code means, wherever it is found.</summary>
/// <param name="Code">The code.</param>
/// <param name="Group">Chapter of the reference page.</param>
/// <param name="Meaning">Why it matters: one sentence.</param>
/// <param name="Remedy">The step that mends it where the finding itself has no better one; null where nothing needs to be done.</param>
public sealed record FindingDescription(string Code, string Group, string Meaning, string? Remedy);

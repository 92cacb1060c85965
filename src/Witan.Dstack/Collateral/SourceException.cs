using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>A source gave nothing usable; carries the finding that says which source, which document, and why.</summary>
internal sealed class SourceException(Finding finding) : Exception(finding.Message)
{
    public Finding Finding { get; } = finding;

    /// <summary>Undecided: a source that fails says nothing about the platform.</summary>
    public static SourceException Of(string code, CollateralSource source, string document, string message, string? remedy = null, string? evidence = null) => new(
        new Finding(code, FindingSeverity.Undecided, $"{source}: {document}: {message}")
        {
            Subject = source.ToString(),
            Actor = FindingActor.VerifierOperator,
            Remedy = remedy ?? "Try again later, or name another source.",
            Evidence = evidence,
        });
}

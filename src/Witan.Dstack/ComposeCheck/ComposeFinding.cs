using Witan.Attestation;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// A finding in a compose file and where it is. <see cref="Finding.Subject"/> is the service, or null for the file as a whole.
/// </summary>
/// <param name="Finding">What, why and what to do.</param>
/// <param name="Rule">The lint rule, <c>L01</c> to <c>L17</c> as the field numbers them, <c>W01</c> and on for the product's own.</param>
/// <param name="Line">Line of the file, from 1.</param>
/// <param name="Column">Column of the file, from 1.</param>
public sealed record ComposeFinding(Finding Finding, string Rule, int Line, int Column)
{
    /// <summary>The change that mends it, where a program can make it without guessing.</summary>
    public TextEdit? Fix { get; init; }
}

using Witan.Attestation;

namespace Witan.Dstack.ComposeCheck;

/// <summary>What the check of one compose file found.</summary>
/// <param name="Findings">All findings, in the order of the file.</param>
/// <param name="Services">The services and what each is taken to be.</param>
/// <param name="Variables">Names of the variables the file refers to without a default, sorted.</param>
/// <param name="Texts">The JSON texts that it holds.</param>
public sealed record ComposeReport(
    IReadOnlyList<ComposeFinding> Findings,
    IReadOnlyList<ComposeServiceSummary> Services,
    IReadOnlyList<string> Variables,
    IReadOnlyList<ComposeText> Texts)
{
    /// <summary>No finding is an error.</summary>
    public bool Passed => Findings.All(found => found.Finding.Severity != FindingSeverity.Error);

    /// <summary>How many findings have that weight.</summary>
    public int Count(FindingSeverity severity) => Findings.Count(found => found.Finding.Severity == severity);
}

/// <summary>One service of a compose file.</summary>
/// <param name="Name">Its key under <c>services</c>.</param>
/// <param name="Role">What it is taken to be, from its label, name and image.</param>
/// <param name="NeedsDstack">The three mandatory settings apply to it.</param>
/// <param name="Image">Its image reference as written, or null.</param>
/// <param name="PublishesPorts">It publishes a port, so that it can have an endpoint.</param>
public sealed record ComposeServiceSummary(string Name, ServiceRole Role, bool NeedsDstack, string? Image, bool PublishesPorts);

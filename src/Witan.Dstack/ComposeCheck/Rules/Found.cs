using Witan.Attestation;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>Writes findings: the owner of the workload acts on all of them.</summary>
internal static class Found
{
    public static ComposeFinding Error(string rule, string code, YamlNode at, string message, string? why = null, string? remedy = null) =>
        Make(rule, code, FindingSeverity.Error, at.Start, message, why, remedy);

    public static ComposeFinding Warning(string rule, string code, YamlNode at, string message, string? why = null, string? remedy = null) =>
        Make(rule, code, FindingSeverity.Warning, at.Start, message, why, remedy);

    public static ComposeFinding Note(string rule, string code, YamlNode at, string message, string? why = null, string? remedy = null) =>
        Make(rule, code, FindingSeverity.Note, at.Start, message, why, remedy);

    public static ComposeFinding Make(
        string rule, string code, FindingSeverity severity, YamlPosition at, string message, string? why, string? remedy) =>
        new(
            new Finding(code, severity, message)
            {
                Why = why,
                Remedy = remedy,
                Actor = FindingActor.WorkloadOwner,
                Offset = at.Offset,
            },
            rule,
            at.Line,
            at.Column);

    /// <summary>Names the service that a finding is about.</summary>
    public static ComposeFinding In(this ComposeFinding found, ComposeService service) =>
        found with { Finding = found.Finding with { Subject = service.Name } };
}

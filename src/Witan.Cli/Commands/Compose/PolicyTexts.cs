using System.Text;
using Witan.Attestation;
using Witan.Dstack.ComposeCheck;
using Witan.Voting;

namespace Witan.Cli.Commands.Compose;

/// <summary>
/// The councils' policies that stand in a compose file (W05): with the zeros of a shipped file, or with a mistake, an agent does not start, which nobody
/// sees before its machine runs and costs.
/// </summary>
internal static class PolicyTexts
{
    /// <summary>Code of what is still to be written, in a policy or as an image's digest. Such a file is not deployed.</summary>
    public const string Placeholder = "COMPOSE_PLACEHOLDER";

    private const string Variable = "WITAN_POLICY";

    /// <summary>The report with what is to be said of the policies in its texts.</summary>
    public static ComposeReport Check(ComposeReport report) =>
        report.Texts.Select(Finding).OfType<ComposeFinding>().ToArray() is { Length: > 0 } found
            ? report with { Findings = [.. report.Findings.Concat(found).OrderBy(each => each.Line).ThenBy(each => each.Column)] }
            : report;

    private static ComposeFinding? Finding(ComposeText text)
    {
        byte[] json = Encoding.UTF8.GetBytes(text.Text);
        if (text.Name != Variable && !PolicySchema.IsOf(json, CouncilPolicy.SchemaName))
            return null;
        bool read = CouncilPolicyFile.TryRead(json, out CouncilPolicy? policy, out string? problem);
        if (read && policy!.IsUnfinished)
        {
            return Made(text, Placeholder, text.IsTemplate ? FindingSeverity.Note : FindingSeverity.Warning, $"the policy in {text.Name} has zeros where hashes belong",
                "an agent with it does not start, and its machine costs.", "write the hashes there: docs/deploy.md, section 6");
        }

        // What references put into it is not known here.
        return text.HasReferences || (problem ?? policy!.Problem()) is not { } wrong ? null
            : Made(text, "COMPOSE_POLICY_INVALID", FindingSeverity.Error, $"the policy in {text.Name} is none: {wrong}",
                "an agent with it does not start, and its machine costs.", "correct it; witan policy check FILE reads one");
    }

    private static ComposeFinding Made(ComposeText text, string code, FindingSeverity severity, string message, string why, string remedy) => new(
        new Finding(code, severity, message) { Subject = text.Service, Why = why, Remedy = remedy, Actor = FindingActor.WorkloadOwner },
        "W05", text.Line, text.Column);
}

using Witan.Attestation;
using Witan.Dstack.ComposeCheck.Rules;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// Checks a compose file for a CVM: the three settings that fail silently when they are missing, and the lint rules L01 to
/// L15. Pure, bounded work, never throws on any text. (L16 and L17 are about the envelope: <see cref="AppComposeChecker"/>.)
/// </summary>
public static class ComposeChecker
{
    /// <summary>Checks one file.</summary>
    /// <param name="text">The file, without a byte order mark. At most 1 MiB is read as YAML.</param>
    /// <param name="options">What to check against.</param>
    public static ComposeReport Check(string text, ComposeCheckOptions options)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(options);
        if (!ComposeDocument.TryRead(text, out ComposeDocument? document, out YamlSyntaxError? error))
        {
            var finding = new Finding("COMPOSE_NOT_READ", FindingSeverity.Error, error.Message)
            {
                Actor = FindingActor.WorkloadOwner,
                Remedy = "correct the text at that place",
            };
            return new ComposeReport([new ComposeFinding(finding, "W00", error.Line, error.Column)], [], [], []);
        }

        IEnumerable<ComposeFinding> found = MandatorySettings.Check(document)
            .Concat(ImageRules.Check(document, options))
            .Concat(EnvironmentRules.Check(document, options))
            .Concat(StorageRules.Check(document))
            .Concat(NetworkRules.Check(document, options))
            .Concat(PrivilegeRules.Check(document))
            .Concat(FileRules.Check(document, options));
        return new ComposeReport(
            [.. found.Distinct().OrderBy(each => each.Line).ThenBy(each => each.Column).ThenBy(each => each.Rule, StringComparer.Ordinal)],
            [.. document.Services.Select(Summarise)],
            [.. EnvironmentRules.Needed(document, options)],
            [.. ComposeText.Of(document)]);
    }

    private static ComposeServiceSummary Summarise(ComposeService service) => new(
        service.Name,
        service.Role,
        service.NeedsDstack,
        service.Image,
        service.PublishesPorts);

    /// <summary>
    /// Makes the changes that need no guess and keeps everything else of the text, comments and line ends included. The
    /// result is checked again: a change that did not help, or that broke the file, is not made.
    /// </summary>
    /// <returns>The corrected text; <paramref name="text"/> itself where there was nothing to correct.</returns>
    public static string Fix(string text, ComposeCheckOptions options)
    {
        ComposeReport before = Check(text, options);
        TextEdit[] edits = [.. before.Findings.Select(found => found.Fix).OfType<TextEdit>()];
        if (edits.Length == 0)
            return text;
        string fixedText = TextEdit.Apply(text, edits);
        ComposeReport after = Check(fixedText, options);
        return after.Findings.Count < before.Findings.Count && !Added(before, after) ? fixedText : text;
    }

    // An error that was not there, or once more: a change that needs no guess makes none.
    private static bool Added(ComposeReport before, ComposeReport after)
    {
        Dictionary<(string, string?), int> known = Errors(before).CountBy(each => each).ToDictionary();
        return Errors(after).CountBy(each => each).Any(now => now.Value > known.GetValueOrDefault(now.Key));
    }

    private static IEnumerable<(string Code, string? Service)> Errors(ComposeReport report) =>
        report.Findings.Where(found => found.Finding.Severity == FindingSeverity.Error).Select(found => (found.Finding.Code, found.Finding.Subject));
}

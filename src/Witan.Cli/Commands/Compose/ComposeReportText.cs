using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Compose;

/// <summary>Prints the findings of a compose check for people, in the shape that editors jump to: file, line, column.</summary>
internal static class ComposeReportText
{
    public static void Write(Terminal terminal, TextWriter output, string path, ComposeReport report, bool notes)
    {
        // Names and values in findings are the file's, which may be a stranger's.
        path = Terminal.Plain(path);
        foreach (ComposeFinding found in report.Findings)
        {
            Finding finding = found.Finding;
            if (finding.Severity == FindingSeverity.Note && !notes)
                continue;
            string service = finding.Subject is null ? "" : $"[{Terminal.Plain(finding.Subject)}] ";
            output.WriteLine($"{path}:{found.Line}:{found.Column}: {Mark(terminal, finding.Severity)} {finding.Code} ({found.Rule}): {service}{Terminal.Plain(finding.Message)}");
            if (finding.Why is not null)
                output.WriteLine(terminal.Dim($"    why: {Terminal.Plain(finding.Why)}"));
            if (finding.Remedy is not null)
                output.WriteLine($"    fix: {Terminal.Plain(finding.Remedy)}{(found.Fix is null ? "" : terminal.Dim("   (--fix does it)"))}");
        }

        int errors = report.Count(FindingSeverity.Error), warnings = report.Count(FindingSeverity.Warning), hidden = report.Count(FindingSeverity.Note);
        string summary = $"{path}: {Count(errors, "error")}, {Count(warnings, "warning")}";
        if (hidden > 0)
            summary += $", {Count(hidden, "note")}{(notes ? "" : " (--notes shows them)")}";
        output.WriteLine(report.Passed ? terminal.Good("✓ ") + summary : terminal.Bad("✗ ") + summary);
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";

    private static string Mark(Terminal terminal, FindingSeverity severity) => severity switch
    {
        FindingSeverity.Error => terminal.Bad("✗ error"),
        FindingSeverity.Warning => terminal.Doubt("! warning"),
        _ => "· note",
    };
}

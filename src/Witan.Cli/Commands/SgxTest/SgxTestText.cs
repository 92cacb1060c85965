using Witan.Cli.CommandLine;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>The report for people: tree, verdict, and the rating, whose last line is the confidence level.</summary>
internal static class SgxTestText
{
    public static void Write(Terminal terminal, MachineReport? report, RatedEvidence? evidence, SgxTestOutcome outcome, SgxTestRequest request)
    {
        if (report is not null)
        {
            ReportText.Write(terminal.Out, report, Style(terminal, request));
            terminal.Out.WriteLine();
        }

        if (request.Require is not null)
        {
            foreach (string missing in outcome.Unmet)
                terminal.Out.WriteLine($"Required and not met: {missing}");
            if (outcome.Unmet.Count == 0)
                terminal.Out.WriteLine("Everything required is there.");
            terminal.Out.WriteLine();
        }

        EvidenceText.Write(terminal, evidence, Style(terminal, request));
    }

    public static int Explain(Terminal terminal, MachineReport report, string name, SgxTestRequest request)
    {
        bool found = false;
        foreach (FoundCheck check in report.Find(name))
        {
            ReportText.Explain(terminal.Out, check, Style(terminal, request));
            found = true;
        }

        return found ? ExitCode.Good : throw new CommandException($"there is no check {name}", "a check is named by its id, its code or its label; --json lists them all");
    }

    private static ReportStyle Style(Terminal terminal, SgxTestRequest request) => new()
    {
        Verbose = request.Verbose,
        All = request.All,
        PlainText = request.PlainText,
        Colour = terminal.Colour && !request.PlainText,
    };
}

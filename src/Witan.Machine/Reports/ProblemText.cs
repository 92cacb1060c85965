using Witan.Attestation;

namespace Witan.Machine;

/// <summary>Prints what stands behind each ✘ and ?: in full where somebody has to act, in one line where nobody has.</summary>
internal static class ProblemText
{
    public static void Write(TextWriter output, MachineReport report, ReportStyle style)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var notes = new List<(string Path, Problem Problem)>();
        var unseen = new List<string>();
        foreach (ReportPart part in report.Parts)
        {
            if (part.NotHere is not null)
                continue;
            foreach ((Check check, string path) in part.Root.Visible())
            {
                if (check.Problem is not { } problem)
                    continue;
                if (problem.Finding.Severity == FindingSeverity.Note)
                {
                    if (problem.State != ProblemState.Absent || style.Verbose || !check.Id.StartsWith("sgx.feature", StringComparison.Ordinal))
                        notes.Add((path, problem));
                }
                else if (problem is { State: ProblemState.Unreadable, Actor: Actor.Nobody } && !style.Verbose)
                {
                    unseen.Add(path);
                }
                else if (seen.Add(problem.Finding.Code))
                {
                    // A text has no mark of its own, and a problem is never behind a ✔.
                    WriteOne(output, check.HasMark ? check.Mark : Mark.Unsupported, path, problem, style);
                }
            }
        }

        bool open = unseen.Count > 0;
        foreach ((string path, Problem problem) in notes)
        {
            if (!seen.Add(problem.Finding.Code))
                continue;
            open = true;
            output.WriteLine(style.Dim($"note: {path}: {problem.Finding.Message}"));
        }

        if (unseen.Count > 0)
            output.WriteLine(style.Dim($"not looked at, so not decided: {string.Join("; ", unseen.Distinct(StringComparer.Ordinal))}"));
        if (open)
            output.WriteLine();
    }

    private static void WriteOne(TextWriter output, Mark mark, string path, Problem problem, ReportStyle style)
    {
        Finding finding = problem.Finding;
        output.WriteLine($"{style.Mark(mark)}{path}: {problem.State.ToString().ToLowerInvariant()}, {finding.Code}");
        output.WriteLine($"     {finding.Message}");
        output.WriteLine($"     seen:   {finding.Evidence}");
        output.WriteLine($"     cause:  {finding.Why}");
        output.WriteLine($"     remedy: {finding.Remedy}");
        output.WriteLine($"     who:    {problem.ActorName}");
        output.WriteLine();
    }
}

namespace Witan.Machine;

/// <summary>Prints a report as text: the tree of Phala Network's guide "Worker Confidence Level", what to mend, and the verdict.</summary>
public static class ReportText
{
    /// <summary>The guide's sentence where SGX programs start here.</summary>
    public const string AllSet = "You are all set to start running SGX programs!";

    /// <summary>Writes tree, folded parts, problems and verdict.</summary>
    public static void Write(TextWriter output, MachineReport report, ReportStyle style)
    {
        foreach (ReportPart part in report.Parts)
        {
            if (part.NotHere is null || style.All)
                WriteCheck(output, part.Root, 0, style, part.NotHere, applies: part.NotHere is null || part.IsUnseen);
        }

        if (!style.All)
            WriteFolded(output, report, style);
        output.WriteLine();
        if (report.IsSgxReady)
        {
            output.WriteLine(AllSet);
            output.WriteLine();
        }

        ProblemText.Write(output, report, style);
        IReadOnlyList<string> refused = RootWouldAdd.Of(report.Snapshot);
        if (refused.Count > 0)
        {
            output.WriteLine(style.Dim($"refused to this user, readable for root: {string.Join("; ", refused)}"));
            output.WriteLine();
        }

        output.WriteLine(report.Verdict().Sentence);
    }

    /// <summary>
    /// Writes everything known about one check: the answer, the evidence, the rule, and what to do. Where its part does not apply
    /// here, only that; where it is not shown, why, and then the rule and the evidence: what to do stands at what hides it.
    /// </summary>
    public static void Explain(TextWriter output, FoundCheck found, ReportStyle style)
    {
        (Check check, string path) = found;
        bool isAnswer = found.NotHere is null && found.HiddenBecause is null;
        output.WriteLine($"{(!check.HasMark ? "" : isAnswer ? style.Mark(check.Mark) : style.NoMark)}{path} ({check.Id})");
        if (found.NotHere is not null)
        {
            output.WriteLine($"    does not apply here: {found.NotHere}");
            return;
        }

        if (found.HiddenBecause is not null)
            output.WriteLine($"    not shown: {found.HiddenBecause}");
        if (check.Rule.Length > 0)
        {
            output.WriteLine($"    rule       {check.Rule}");
            output.WriteLine($"    source     {RuleSource.Of(check.Id)}");
        }

        foreach (string evidence in check.Evidence)
            output.WriteLine($"    seen       {evidence}");
        foreach (Check child in check.Children)
        {
            if (child.HasMark && isAnswer)
                output.WriteLine($"    depends on {style.Mark(child.Mark)}{child.Label} ({child.Id})");
        }

        if (check.Problem is not { } problem || !isAnswer)
            return;
        output.WriteLine($"    code       {problem.Finding.Code} ({problem.State.ToString().ToLowerInvariant()})");
        output.WriteLine($"    means      {problem.Finding.Message}");
        output.WriteLine($"    cause      {problem.Finding.Why}");
        output.WriteLine($"    remedy     {problem.Finding.Remedy}");
        output.WriteLine($"    who        {problem.ActorName}");
    }

    private static void WriteFolded(TextWriter output, MachineReport report, ReportStyle style)
    {
        ReportPart[] folded = [.. report.Parts.Where(part => part.NotHere is not null)];
        // One reason often holds for several parts.
        string[] reasons = [.. folded.Where(part => !part.IsUnseen).GroupBy(part => part.NotHere, StringComparer.Ordinal)
            .Select(group => $"{string.Join(", ", group.Select(part => part.Root.Label))} ({group.Key})")];
        if (reasons.Length > 0)
            output.WriteLine(style.Dim($"Does not apply here: {string.Join("; ", reasons)}"));
        string[] unseen = [.. folded.Where(part => part.IsUnseen).Select(part => part.Root.Label)];
        if (unseen.Length > 0)
            output.WriteLine(style.Dim($"Not recorded: {string.Join(", ", unseen)}"));
    }

    private static void WriteCheck(TextWriter output, Check check, int depth, ReportStyle style, string? notHere = null, bool applies = true)
    {
        if (check.HiddenBecause is not null && !style.All)
            return;
        string indent = new(' ', depth * 2);
        string? aside = notHere ?? check.HiddenBecause;
        string tail = aside is null ? "" : style.Dim($"  [{aside}]");
        switch (check.Form)
        {
            case CheckForm.Row:
                output.WriteLine(indent + string.Join("  ", check.Children.Select(child => Sign(child) + child.Label)) + tail);
                break;
            case CheckForm.Line:
                output.WriteLine(indent + Sign(check) + check.Label + tail);
                break;
            default:
                output.WriteLine(indent + check.Label + tail);
                break;
        }

        if (style.Verbose)
        {
            foreach (string evidence in check.Form == CheckForm.Row ? check.Children.SelectMany(child => child.Evidence).Distinct(StringComparer.Ordinal) : check.Evidence)
                output.WriteLine(indent + "     " + style.Dim(evidence));
        }

        if (check.Form == CheckForm.Row)
            return;
        foreach (Check child in check.Children)
            WriteCheck(output, child, depth + 1, style, applies: applies);

        string Sign(Check marked) => applies ? style.Mark(marked.Mark) : style.NoMark;
    }
}

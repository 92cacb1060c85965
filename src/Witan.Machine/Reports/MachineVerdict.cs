namespace Witan.Machine;

/// <summary>What the machine comes to.</summary>
public enum MachineOutcome
{
    /// <summary>At least one TEE is usable for confidential workers.</summary>
    Ready,

    /// <summary>None is.</summary>
    NotReady,

    /// <summary>None is known to be, and at least one could not be decided.</summary>
    Undecided,
}

/// <summary>The verdict in one sentence, and the problem it names.</summary>
/// <param name="Outcome">Ready, not ready, or could not tell.</param>
/// <param name="Sentence">One sentence for people.</param>
/// <param name="First">The first thing to mend, or to grant; null where ready.</param>
public sealed record MachineVerdict(MachineOutcome Outcome, string Sentence, Problem? First)
{
    internal static MachineVerdict Of(IEnumerable<MachineReport.Tee> applicable)
    {
        MachineReport.Tee[] tees = [.. applicable];
        string[] usable = [.. tees.Where(tee => tee.Workers == Mark.Supported).Select(tee => tee.Caveat is null ? tee.Label : $"{tee.Label} ({tee.Caveat})")];
        if (usable.Length > 0)
            return new MachineVerdict(MachineOutcome.Ready, $"Ready for confidential workers: {string.Join(", ", usable)}.", null);
        MachineReport.Tee[] open = [.. tees.Where(tee => tee.Workers == Mark.Unknown)];
        if (open.Length > 0)
        {
            // What this user can be granted, then what nobody recorded, then what stands in the way without being a question of rights.
            Problem? grant = Find(open, problem => problem.State == ProblemState.Unreadable && problem.Actor != Actor.Nobody)
                ?? Find(open, problem => problem.State == ProblemState.Unreadable)
                ?? Find(open, _ => true);
            return new MachineVerdict(MachineOutcome.Undecided, $"Could not tell whether confidential workers can run here ({string.Join(", ", open.Select(tee => tee.Label))}).{Step("First", grant)}", grant);
        }

        if (tees.Length == 0)
            return new MachineVerdict(MachineOutcome.NotReady, "Not ready for confidential workers: this processor has none of the TEEs known here. Use a machine with Intel TDX or SGX, or AMD SEV-SNP.", null);
        // A guest that is one for certain is mended before what its processor may have besides.
        MachineReport.Tee[] ordered = [.. tees.OrderBy(tee => IsConfirmed(tee) ? 0 : 1)];
        MachineReport.Tee[] hopeful = [.. ordered.Where(tee => Hopeless(tee) is null)];
        Problem? first = Find(hopeful, Mends) ?? Find(hopeful, Decides);
        if (first is not null)
            return new MachineVerdict(MachineOutcome.NotReady, $"Not ready for confidential workers.{Step("First", first)}", first);
        Problem? hopeless = ordered.Select(Hopeless).FirstOrDefault(problem => problem is not null) ?? Find(ordered, _ => true);
        return new MachineVerdict(MachineOutcome.NotReady, $"Not ready for confidential workers.{Step("Why", hopeless)}", hopeless);
    }

    // Its first line says whether this is such a guest.
    private static bool IsConfirmed(MachineReport.Tee tee) => tee is { Name: "tdx-guest" or "snp-guest", Roots: [{ Children: [{ Mark: Mark.Supported }, ..] }, ..] };

    private static bool Decides(Problem problem) => problem.State != ProblemState.Unreadable;

    private static bool Mends(Problem problem) => Decides(problem) && problem.Actor is not (Actor.Nobody or Actor.ChipVendor);

    // What only another processor brings makes every other step on this TEE pointless. Proof to others stands last in the tree and weighs most.
    private static Problem? Hopeless(MachineReport.Tee tee) =>
        Find([tee with { Roots = [.. tee.Roots.Reverse()] }], problem => Decides(problem) && problem.Actor == Actor.ChipVendor);

    private static string Step(string word, Problem? problem) =>
        problem is null ? "" : $" {word}: {problem.Finding.Message} {problem.Finding.Remedy}{(problem.Actor == Actor.Nobody ? "" : $" ({problem.ActorName})")}";

    private static Problem? Find(MachineReport.Tee[] tees, Func<Problem, bool> fits)
    {
        foreach (MachineReport.Tee tee in tees)
        {
            foreach (Check root in tee.Roots)
            {
                if (root.HiddenBecause is not null)
                    continue;
                Problem? found = Find(root, fits);
                if (found is not null)
                    return found;
            }
        }

        return null;
    }

    private static Problem? Find(Check check, Func<Problem, bool> fits)
    {
        if (check.HiddenBecause is not null)
            return null;
        // A line of text has no mark that could decide.
        if (check.Problem is { } problem && check.HasMark && problem.Finding.Severity is not Attestation.FindingSeverity.Note && fits(problem))
            return problem;
        foreach (Check child in check.Children)
        {
            if (Find(child, fits) is { } found)
                return found;
        }

        return null;
    }
}

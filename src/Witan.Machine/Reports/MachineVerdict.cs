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
            Problem? grant = Find(open, problem => problem.State == ProblemState.Unreadable && problem.Actor != Actor.Nobody) ?? Find(open, problem => problem.State == ProblemState.Unreadable);
            return new MachineVerdict(MachineOutcome.Undecided, $"Could not tell whether confidential workers can run here ({string.Join(", ", open.Select(tee => tee.Label))}).{Step(grant)}", grant);
        }

        if (tees.Length == 0)
            return new MachineVerdict(MachineOutcome.NotReady, "Not ready for confidential workers: this processor has none of the TEEs known here. Use a machine with Intel TDX or SGX, or AMD SEV-SNP.", null);
        Problem? first = Find(tees, problem => problem.State != ProblemState.Unreadable && problem.Actor is not (Actor.Nobody or Actor.ChipVendor)) ?? Find(tees, problem => problem.Actor is not (Actor.Nobody or Actor.ChipVendor)) ?? Find(tees, _ => true);
        return new MachineVerdict(MachineOutcome.NotReady, $"Not ready for confidential workers.{Step(first)}", first);
    }

    private static string Step(Problem? problem) => problem is null ? "" : $" First: {problem.Finding.Message} {problem.Finding.Remedy}{(problem.Actor == Actor.Nobody ? "" : $" ({problem.ActorName})")}";

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
        if (check.Problem is { } problem && problem.Finding.Severity is not Attestation.FindingSeverity.Note && fits(problem))
            return problem;
        foreach (Check child in check.Children)
        {
            if (Find(child, fits) is { } found)
                return found;
        }

        return null;
    }
}

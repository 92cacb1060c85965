using Witan.Attestation;
using Witan.Cli.Commands.Verify;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>What the run came to: the exit code, and what was required and is not there.</summary>
internal sealed record SgxTestOutcome(int ExitCode, IReadOnlyList<string> Unmet)
{
    public static SgxTestOutcome Of(MachineReport? report, RatedEvidence? evidence, Requirement? required)
    {
        if (required is not null)
        {
            bool? decided = evidence is null ? null : evidence.Verdict.Outcome != AppraisalOutcome.Undecided;
            // Evidence that the policy does not accept (of a debug enclave, say) may have a level, and meets no requirement.
            int? level = evidence?.Verdict.Outcome == AppraisalOutcome.Accepted ? evidence.Verdict.ConfidenceLevel : null;
            MachineOutcome met = required.Judge(report, level, decided, out List<string> unmet);
            return new SgxTestOutcome(Code(met), unmet);
        }

        int machine = report is null ? CommandLine.ExitCode.Good : Code(report.Verdict().Outcome);
        int rating = evidence is null ? CommandLine.ExitCode.Good : VerifyCommand.Exit(evidence.Verdict.Outcome);
        return new SgxTestOutcome(VerifyCommand.Worse(machine, rating), []);
    }

    private static int Code(MachineOutcome outcome) => outcome switch
    {
        MachineOutcome.Ready => CommandLine.ExitCode.Good,
        MachineOutcome.NotReady => CommandLine.ExitCode.Rejected,
        _ => CommandLine.ExitCode.Undecided,
    };
}

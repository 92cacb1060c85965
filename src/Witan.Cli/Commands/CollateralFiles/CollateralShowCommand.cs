using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Verify;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary><c>witan collateral show</c>: what is in a file, and is it authentic and fresh?</summary>
internal static class CollateralShowCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE") { Description = "collateral (JSON); - reads standard input", Arity = ArgumentArity.OneOrMore };
        var at = new Option<string?>("--at") { Description = "judge freshness at this moment (default: now)" };
        var root = new Option<string?>("--trust-root") { Description = "trust these roots (PEM) instead of Intel's" };
        var simulated = new Option<bool>("--simulated") { Description = "the trust root is a development root" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.collateral/1), one line a file" };
        var command = new Command("show", "Say what is in collateral files: family, numbers, dates, statuses.") { files, at, root, simulated, json };
        command.SetAction(parsed =>
        {
            DateTimeOffset moment = VerifyCommand.Moment(parsed.GetValue(at));
            TrustRoot roots = VerifyCommand.Root(parsed.GetValue(root), parsed.GetValue(simulated));
            int worst = ExitCode.Good;
            foreach (string file in parsed.GetValue(files)!)
            {
                (TrustedCollateral? trusted, IReadOnlyList<Finding> findings) = VerifyCommand.ReadCollateral(file, roots, moment);
                CollateralReport.Write(terminal, new CollateralSight(file, trusted, null, findings), parsed.GetValue(json));
                worst = VerifyCommand.Worse(worst, Exit(findings));
            }

            return worst;
        });
        return command;
    }

    private static int Exit(IReadOnlyList<Finding> findings) =>
        findings.Any(finding => finding.Severity == FindingSeverity.Error) ? ExitCode.Rejected
        : findings.Any(finding => finding.Severity == FindingSeverity.Undecided) ? ExitCode.Undecided
        : ExitCode.Good;
}

using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary><c>witan sgx-test</c>: which TEEs can this machine run, why not the others, and how far is its evidence trusted?</summary>
public static class SgxTestCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new SgxTestOptions();
        var command = new Command("sgx-test", "Test what this machine can do: SGX, TDX, SEV-SNP, confidential GPUs. Changes nothing.");
        options.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            SgxTestRequest request = options.Read(parsed);
            return request.Probe is null ? await RunAsync(terminal, request, token) : Child(terminal, request);
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, SgxTestRequest request, CancellationToken cancellationToken)
    {
        // First, so that a mistake in what is to be rated leaves no recording behind.
        RatedEvidence? evidence = await EvidenceSource.RateAsync(request, terminal, cancellationToken);
        MachineSnapshot? snapshot = MachineSource.Take(request);
        if (request.Record is { } path && snapshot is not null)
            MachineSource.Save(snapshot, path);
        MachineReport? report = snapshot is null ? null : MachineReport.Judge(snapshot);
        if (request.Explain is { } check)
            return SgxTestText.Explain(terminal, report!, check, request);
        SgxTestOutcome outcome = SgxTestOutcome.Of(report, evidence, request.Require);
        if (request.Json)
            SgxTestJson.Write(terminal.Out, report, evidence, outcome);
        else
            SgxTestText.Write(terminal, report, evidence, outcome, request);
        return outcome.ExitCode;
    }

    // One risky probe, in a process of its own; its parent reads the snapshot on standard output.
    private static int Child(Terminal terminal, SgxTestRequest request)
    {
        MachineSnapshot seen = ChildProbe.RunHere(request.Probe!, new ProbeOptions { Root = request.Root ?? "/", WhitelistedEnclave = request.WhitelistedEnclave })
            ?? throw new CommandException($"there is no probe {request.Probe}");
        terminal.Out.Write(SnapshotJson.Write(seen));
        return ExitCode.Good;
    }
}

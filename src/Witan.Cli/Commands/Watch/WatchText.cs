using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Cvms;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Watch;

/// <summary>Prints the progress of a watch and how it ended.</summary>
internal sealed class WatchText(Terminal terminal) : IProgress<EndpointProgress>
{
    private string? _last;

    /// <summary>One line a poll on a terminal, rewritten; elsewhere one where something changed, and one a minute.</summary>
    public void Report(EndpointProgress value)
    {
        string elapsed = $"{(int)value.Elapsed.TotalMinutes}:{value.Elapsed.Seconds:00}";
        string line = $"{elapsed} of an expected 3 to 10 minutes, poll {value.Poll} of {value.Polls}: {Terminal.Plain(value.Detail)}";
        if (terminal.Interactive)
            terminal.Error.Write($"\r\e[K{(line.Length > 118 ? line[..117] + "…" : line)}");
        else if (value.Detail != _last || value.Poll % 4 == 1)
            terminal.Error.WriteLine(line);
        _last = value.Detail;
    }

    public int Finish(EndpointWatchResult result, string name, bool json)
    {
        if (terminal.Interactive && _last is not null)
            terminal.Error.WriteLine();
        if (json)
            WriteJson(result, name);
        else
            WriteText(result, name);
        return result.Outcome switch
        {
            EndpointWatchOutcome.Ready => ExitCode.Good,
            EndpointWatchOutcome.EvidenceRejected => ExitCode.Rejected,
            _ => ExitCode.NotProvisioned,
        };
    }

    private void WriteText(EndpointWatchResult result, string name)
    {
        if (result.Outcome == EndpointWatchOutcome.Ready)
        {
            terminal.Out.WriteLine($"{terminal.Good("✓")} {name} is ready after {result.Elapsed.TotalSeconds:0} s: {result.Endpoint}");
            terminal.Out.WriteLine($"  {Terminal.Plain(result.Evidence?.Summary)}");
            return;
        }

        terminal.Out.WriteLine($"{terminal.Bad("✗")} provisioning of {name} is failed: {Reason(result)}");
        if (result.LastState?.Status is { } status)
            terminal.Out.WriteLine($"  last state: {Terminal.Plain(status)}{(result.LastState.BootProgress is { Length: > 0 } boot ? $" ({Terminal.Plain(boot)})" : "")}");
        if (result.LastState?.BootError is { Length: > 0 } error)
            terminal.Out.WriteLine($"  boot error: {Terminal.Plain(error)}");
        if (result.LastDetail is not null)
            terminal.Out.WriteLine($"  last seen: {Terminal.Plain(result.LastDetail)}");
        foreach (Finding finding in result.Evidence?.Findings.Where(finding => finding.Severity >= FindingSeverity.Undecided) ?? [])
            terminal.Out.WriteLine($"  {finding.Code}: {Terminal.Plain(finding.Message)}{(finding.Remedy is null ? "" : $" ({Terminal.Plain(finding.Remedy)})")}");
        foreach (string line in result.LogTail)
            terminal.Out.WriteLine(terminal.Dim($"  log: {CvmText.LogLine(line)}"));
        if (result.LogProblem is not null)
            terminal.Out.WriteLine($"  no log: {Terminal.Plain(result.LogProblem)}");
        if (result.Outcome == EndpointWatchOutcome.Gone)
            return;
        terminal.Out.WriteLine($"{terminal.Doubt("!")} CVM {Terminal.Plain(result.CvmId)} is still there: it may come up later, and it still costs money.");
        terminal.Out.WriteLine($"  wait again: witan watch {name} --collateral FILE");
        terminal.Out.WriteLine($"  delete it:  witan cvms delete {name} --yes");
    }

    private static string Reason(EndpointWatchResult result) => result.Outcome switch
    {
        EndpointWatchOutcome.TimedOut => $"not ready after {result.Polls} polls in {result.Elapsed.TotalSeconds:0} s",
        EndpointWatchOutcome.BootFailed => "the machine could not boot",
        EndpointWatchOutcome.EvidenceRejected => "the evidence of the endpoint was rejected",
        _ => "the CVM is gone",
    };

    private void WriteJson(EndpointWatchResult result, string name) => CvmText.WriteJson(terminal.Out, json =>
    {
        json.WriteString("schema", "witan/watch/1");
        json.WriteString("name", name);
        json.WriteString("cvm", result.CvmId);
        json.WriteString("outcome", result.Outcome switch
        {
            EndpointWatchOutcome.Ready => "ready",
            EndpointWatchOutcome.TimedOut => "timed-out",
            EndpointWatchOutcome.BootFailed => "boot-failed",
            EndpointWatchOutcome.EvidenceRejected => "evidence-rejected",
            _ => "gone",
        });
        json.WriteNumber("polls", result.Polls);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 1));
        json.WriteString("endpoint", result.Endpoint?.AbsoluteUri);
        json.WriteString("status", result.LastState?.Status);
        json.WriteString("bootError", result.LastState?.BootError);
        json.WriteString("detail", result.LastDetail);
        json.WriteString("evidence", result.Evidence?.Summary);
        if (result.Evidence?.Tier is { } tier)
            json.WriteNumber("tier", tier);
        else
            json.WriteNull("tier");
        json.WriteBoolean("mayStillCost", result.Outcome != EndpointWatchOutcome.Gone);
        json.WriteStartArray("log");
        foreach (string line in result.LogTail)
            json.WriteStringValue(line);
        json.WriteEndArray();
    });
}

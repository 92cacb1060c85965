using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Compose;
using Witan.Cli.Commands.Cvms;
using Witan.Cli.Commands.Watch;
using Witan.Dstack.Cloud;
using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Deploy;

/// <summary><c>witan deploy FILE --name N</c>: check, provision, encrypt, start, watch.</summary>
public static class DeployCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new DeployOptions();
        var watch = new WatchOptions();
        var command = new Command("deploy", "Bring a compose file to Phala Cloud under a name, and wait until its evidence verifies.");
        options.AddTo(command);
        watch.AddTo(command);
        Func<ParseResult, CloudConnection> connect = CloudConnection.AddOptions(command);
        command.SetAction((parsed, cancellationToken) => CloudConnection.RunAsync(async () =>
        {
            bool waits = !parsed.GetValue(options.NoWatch) && !parsed.GetValue(options.Plan);
            watch.Read(parsed); // what is wrong with the watch is said before anything is sent
            ComposeInput input = ComposeInput.Read(parsed.GetValue(options.File)!);
            DeploymentRequest request = options.Read(parsed, input);
            ComposeReport report = Check(terminal, input, request, parsed.GetValue(options.Strict), options.EnvironmentFile(parsed));
            waits &= report.Services.Any(service => service.PublishesPorts);
            if (waits)
                watch.Evidence(parsed);
            using CloudConnection cloud = connect(parsed);
            var deployment = new Deployment(cloud.Client, new EnvironmentCipher(), watch.States(parsed), TimeProvider.System);
            DeploymentPlan plan = await deployment.PlanAsync(request, cancellationToken);
            bool json = parsed.GetValue(options.Json);
            TextWriter text = json ? terminal.Error : terminal.Out;
            DeployText.WritePlan(text, request, plan);
            if (plan.Existing is { } existing && options.Ignored(parsed, existing) is { Length: > 0 } ignored)
                terminal.Error.WriteLine($"{terminal.Doubt("!")} {request.Name} exists and keeps what it has: {ignored} {(ignored.Contains(',', StringComparison.Ordinal) ? "are" : "is")} for new CVMs");
            if (parsed.GetValue(options.Plan))
            {
                if (json)
                    DeployText.WriteJson(terminal, request, plan, null);
                return ExitCode.Good;
            }

            DeploymentResult result = await RunAsync(deployment, request, plan, terminal, cancellationToken);
            DeployText.WriteResult(terminal, text, request, result);
            if (json && !waits)
                DeployText.WriteJson(terminal, request, plan, result);
            if (parsed.GetValue(options.NoWatch))
                return ExitCode.Good;
            if (!waits)
            {
                terminal.Error.WriteLine("no service publishes a port, so there is no endpoint to wait for: workers and trustees prove themselves to their coordinator");
                return ExitCode.Good;
            }

            var expected = new EndpointExpectation
            {
                ComposeHash = result.ComposeHash,
                DockerComposeFile = request.DockerComposeFile,
                Requirement = watch.Requirement(parsed),
            };
            return await WatchCommand.RunAsync(terminal, cloud, request.Name, result.CvmId, expected, watch, parsed, json, cancellationToken);
        }));
        return command;
    }

    private static ComposeReport Check(Terminal terminal, ComposeInput input, DeploymentRequest request, bool strict, string? environmentFile)
    {
        if (input.IsEnvelope)
            throw new CommandException($"{input.Path} is an app-compose.json; the platform makes that itself", "give the docker-compose file");
        ComposeReport report = input.Check(new ComposeCheckOptions
        {
            Strict = strict,
            EnvironmentNames = request.Environment.Keys.ToHashSet(StringComparer.Ordinal),
            PreLaunchScript = request.PreLaunchScript,
            PublicLogs = request.PublicLogs,
            OsImage = request.OsImage,
        });
        if (report.Count(FindingSeverity.Error) + report.Count(FindingSeverity.Warning) > 0)
            ComposeReportText.Write(terminal, terminal.Error, input.Path, report, notes: false);
        if (report.Findings.FirstOrDefault(found => found.Finding.Code == PolicyTexts.Placeholder) is { } open)
            throw new CommandException($"{input.Path}:{open.Line}:{open.Column}: {open.Finding.Message}; nothing was sent", open.Finding.Remedy, ExitCode.Rejected);
        string fix = report.Findings.Any(found => found.Fix is not null) ? " --fix" : "", variables = environmentFile is null ? "" : $" --env-file {environmentFile}";
        return report.Passed
            ? report
            : throw new CommandException($"{input.Path} has errors; nothing was sent", $"correct them; witan compose check {input.Path}{variables}{fix}", ExitCode.Rejected);
    }

    private static async Task<DeploymentResult> RunAsync(
        Deployment deployment, DeploymentRequest request, DeploymentPlan plan, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            return await deployment.RunAsync(request, plan, new DeployText(terminal), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            terminal.Error.WriteLine("interrupted: the same command again goes on where this stopped");
            throw;
        }
    }
}

using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Cvms;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Deploy;

/// <summary>Prints what a deployment will do, does and did. Names of variables, never values.</summary>
internal sealed class DeployText(Terminal terminal) : IProgress<string>
{
    public void Report(string value) => terminal.Error.WriteLine($"· {value}");

    public static void WritePlan(Terminal terminal, DeploymentRequest request, DeploymentPlan plan)
    {
        string action = plan.Action switch
        {
            DeploymentAction.Nothing => "nothing changed",
            DeploymentAction.Create => $"create {request.Name} ({request.InstanceType})",
            DeploymentAction.Resume => $"go on with {request.Name}",
            DeploymentAction.Update => $"update {request.Name}",
            _ => $"send the environment of {request.Name} again",
        };
        terminal.Out.WriteLine($"plan: {action}");
        foreach (string reason in plan.Reasons)
            terminal.Out.WriteLine($"  {CvmText.Clean(reason)}");
        if (request.Environment.Count > 0)
            terminal.Out.WriteLine($"  variables: {string.Join(", ", request.Environment.Keys.Order(StringComparer.Ordinal))}");
        if (plan.Action == DeploymentAction.Nothing && request.Environment.Count > 0)
            terminal.Out.WriteLine("  values of variables cannot be compared; --update-env sends them again");
    }

    public static void WriteResult(Terminal terminal, DeploymentRequest request, DeploymentResult result)
    {
        terminal.Out.WriteLine($"cvm: {CvmText.Clean(result.CvmId)}");
        terminal.Out.WriteLine($"app id: {CvmText.Clean(result.AppId)}");
        if (result.ComposeHash is not null)
            terminal.Out.WriteLine($"compose hash: {CvmText.Clean(result.ComposeHash)}");
        if (result.Action != DeploymentAction.Nothing)
            terminal.Error.WriteLine($"{request.Name} costs from now on; it goes on if you stop here");
    }
}

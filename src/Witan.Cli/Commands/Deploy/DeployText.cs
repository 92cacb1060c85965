using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Cvms;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Deploy;

/// <summary>Prints what a deployment will do, does and did. Names of variables, never values.</summary>
internal sealed class DeployText(Terminal terminal) : IProgress<string>
{
    public void Report(string value) => terminal.Error.WriteLine($"· {value}");

    public static void WritePlan(TextWriter output, DeploymentRequest request, DeploymentPlan plan)
    {
        string action = plan.Action switch
        {
            DeploymentAction.Nothing => "nothing changed",
            DeploymentAction.Create => $"create {request.Name} ({request.InstanceType})",
            DeploymentAction.Resume => $"go on with {request.Name}",
            DeploymentAction.Update => $"update {request.Name}",
            _ => $"send the environment of {request.Name} again",
        };
        output.WriteLine($"plan: {action}");
        foreach (string reason in plan.Reasons)
            output.WriteLine($"  {Terminal.Plain(reason)}");
        if (request.Environment.Count > 0)
            output.WriteLine($"  variables: {string.Join(", ", request.Environment.Keys.Order(StringComparer.Ordinal))}");
        if (plan.Action == DeploymentAction.Nothing && request.Environment.Count > 0)
            output.WriteLine("  values of variables cannot be compared; --update-env sends them again");
    }

    public static void WriteResult(Terminal terminal, TextWriter output, DeploymentRequest request, DeploymentResult result)
    {
        output.WriteLine($"cvm: {Terminal.Plain(result.CvmId)}");
        output.WriteLine($"app id: {Terminal.Plain(result.AppId)}");
        if (result.ComposeHash is not null)
            output.WriteLine($"compose hash: {Terminal.Plain(result.ComposeHash)}");
        if (result.Action != DeploymentAction.Nothing)
            terminal.Error.WriteLine($"{request.Name} costs from now on; it goes on if you stop here");
    }

    /// <summary>Prints what will be done, or was done, as one object; <paramref name="result"/> is null where nothing was.</summary>
    public static void WriteJson(Terminal terminal, DeploymentRequest request, DeploymentPlan plan, DeploymentResult? result) =>
        CvmText.WriteJson(terminal.Out, json =>
        {
            json.WriteString("schema", "witan/deploy/1");
            json.WriteString("name", request.Name);
            json.WriteString("action", plan.Action switch
            {
                DeploymentAction.Nothing => "nothing",
                DeploymentAction.Create => "create",
                DeploymentAction.Resume => "resume",
                DeploymentAction.Update => "update",
                _ => "update-environment",
            });
            json.WriteBoolean("done", result is not null);
            json.WriteStartArray("reasons");
            foreach (string reason in plan.Reasons)
                json.WriteStringValue(reason);
            json.WriteEndArray();
            json.WriteStartArray("variables");
            foreach (string name in request.Environment.Keys.Order(StringComparer.Ordinal))
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteString("cvm", result?.CvmId ?? plan.Existing?.Key);
            json.WriteString("appId", result?.AppId ?? plan.Existing?.AppId);
            json.WriteString("composeHash", result?.ComposeHash);
        });
}

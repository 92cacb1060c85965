namespace Witan.Dstack.Cloud;

/// <summary>What a deployment would do.</summary>
public enum DeploymentAction
{
    /// <summary>Everything is as asked for.</summary>
    Nothing,

    /// <summary>There is no CVM of this name: make one.</summary>
    Create,

    /// <summary>It was prepared before and not started: start it.</summary>
    Resume,

    /// <summary>The compose text or its settings differ: put the new ones in force.</summary>
    Update,

    /// <summary>Only the values of the environment are sent again.</summary>
    UpdateEnvironment,
}

/// <summary>What a deployment would do, and why.</summary>
/// <param name="Action">The one thing to be done.</param>
/// <param name="Reasons">What differs, one sentence each; values of variables are never among them.</param>
/// <param name="Existing">The CVM that is there, or null.</param>
public sealed record DeploymentPlan(DeploymentAction Action, IReadOnlyList<string> Reasons, CvmInfo? Existing)
{
    /// <summary>The names of the variables change, so all values have to be sent.</summary>
    public bool VariablesChange { get; init; }

    internal DeploymentState? Prepared { get; init; }

    /// <summary>Compares what is asked for with the compose file in force.</summary>
    internal static DeploymentPlan ForExisting(DeploymentRequest request, CvmInfo existing, ComposeFileRequest inForce)
    {
        var reasons = new List<string>();
        if (inForce.DockerComposeFile != request.DockerComposeFile)
            reasons.Add("the compose file differs");
        // The platform adds a script of its own where none is given.
        if (request.PreLaunchScript is not null && inForce.PreLaunchScript != request.PreLaunchScript)
            reasons.Add("the pre-launch script differs");
        if (inForce.PublicLogs != request.PublicLogs)
            reasons.Add($"logs become {(request.PublicLogs ? "public" : "private")}");
        if (inForce.PublicSysinfo != request.PublicSystemInformation)
            reasons.Add($"system information becomes {(request.PublicSystemInformation ? "public" : "private")}");
        int others = reasons.Count;
        foreach (string added in request.Names.Except(inForce.AllowedEnvs, StringComparer.Ordinal))
            reasons.Add($"variable {added} is new");
        foreach (string dropped in inForce.AllowedEnvs.Except(request.Names, StringComparer.Ordinal))
            reasons.Add($"variable {dropped} is no longer passed");
        if (reasons.Count > 0)
            return new DeploymentPlan(DeploymentAction.Update, reasons, existing) { VariablesChange = reasons.Count > others };
        return request.UpdateEnvironment && request.Environment.Count > 0
            ? new DeploymentPlan(DeploymentAction.UpdateEnvironment, ["the values are sent again"], existing)
            : new DeploymentPlan(DeploymentAction.Nothing, [], existing);
    }
}

/// <summary>What a deployment did.</summary>
/// <param name="Action">What was done.</param>
/// <param name="CvmId">The CVM, to be watched.</param>
/// <param name="AppId">App id.</param>
/// <param name="ComposeHash">The compose hash that the platform measures; null where nothing was done and the platform does not say.</param>
public sealed record DeploymentResult(DeploymentAction Action, string CvmId, string AppId, string? ComposeHash);

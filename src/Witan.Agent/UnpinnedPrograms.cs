using Witan.Voting;

namespace Witan.Agent;

/// <summary>What a worker's or trustee's policy leaves to whoever gives it the coordinator's address.</summary>
internal static class UnpinnedPrograms
{
    /// <summary>
    /// The line for the log, or null where the policy lists the programs that may learn this agent's secrets: those of coordinators, for a
    /// worker those of trustees too, and the operating systems whose word on a compose hash counts. A trustee's own list of trustees cannot
    /// hold the hash of the file that the list stands in.
    /// </summary>
    public static string? Warning(CouncilPolicy policy, AgentRole role)
    {
        string[] open =
        [
            .. policy.CoordinatorComposeHashes.Count == 0 ? new[] { "coordinatorComposeHashes" } : [],
            .. role == AgentRole.Worker && policy.TrusteeComposeHashes.Count == 0 ? new[] { "trusteeComposeHashes" } : [],
            .. policy.OsImageHashes.Count == 0 ? new[] { "osImageHashes" } : [],
        ];
        return open.Length == 0
            ? null
            : $"WARNING: the policy lists no {string.Join(" and no ", open)}: whoever sets WITAN_COORDINATOR can choose the program that learns this {role.ToString().ToLowerInvariant()}'s secrets; docs/deploy.md says how to pin it";
    }
}

using Witan.Agent;
using Witan.Voting;

namespace Witan.Coordinator;

/// <summary>The policy in force: a file's, or the built-in one under the name of an appraisal.</summary>
internal static class CoordinatorPolicy
{
    public static CouncilPolicy Read(CoordinatorOptions options)
    {
        CouncilPolicy policy = PolicySettings.Read(options.Policy);
        if (options.WorstLevel < policy.WorstLevel)
            policy = policy with { WorstLevel = options.WorstLevel };
        if (options.InstancesPerPlatform is { } instances)
            policy = policy with { InstancesPerPlatform = instances };
        if (options.MinimumWorkers is { } least)
            policy = policy with { MinimumWorkers = least, MinimumAnonymity = Math.Min(policy.MinimumAnonymity, least), MaximumWorkers = Math.Max(least, policy.MaximumWorkers) };
        if (options.MaximumWorkers is { } most)
            policy = policy with { MaximumWorkers = most };
        return policy.Problem() is { } problem ? throw new SettingException($"the policy does not hold together: {problem}", "witan policy prints one that does") : policy;
    }
}

using Witan.Agent;
using Witan.Voting;

namespace Witan.Coordinator;

/// <summary>The policy in force: a file's, or the built-in one under the name of an appraisal.</summary>
internal static class CoordinatorPolicy
{
    public static CouncilPolicy Read(CoordinatorOptions options)
    {
        CouncilPolicy policy = options.Policy is "phala" or "phala-docs" or "strict"
            ? new CouncilPolicy { Name = options.Policy, Appraisal = options.Policy, WorstLevel = options.WorstLevel }
            : ReadFile(options.Policy);
        if (options.MinimumWorkers is { } least)
            policy = policy with { MinimumWorkers = least, MinimumAnonymity = Math.Min(policy.MinimumAnonymity, least), MaximumWorkers = Math.Max(least, policy.MaximumWorkers) };
        if (options.MaximumWorkers is { } most)
            policy = policy with { MaximumWorkers = most };
        return policy.Problem() is { } problem ? throw new SettingException($"the policy does not hold together: {problem}", "witan policy prints one that does") : policy;
    }

    private static CouncilPolicy ReadFile(string path)
    {
        try
        {
            return StrictJson.TryRead(File.ReadAllBytes(path), PolicyJson.Default.CouncilPolicy, out CouncilPolicy? policy, out string? problem)
                ? policy
                : throw new SettingException($"{path} is no policy: {problem}", "witan policy prints one");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"there is no policy {path}: {e.Message}", "phala, phala-docs, strict, or a policy file");
        }
    }
}

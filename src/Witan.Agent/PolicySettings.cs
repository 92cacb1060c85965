using Witan.Voting;

namespace Witan.Agent;

/// <summary>The policy in force: a file's (witan.council-policy/1), or the built-in one under the name of an appraisal.</summary>
public static class PolicySettings
{
    /// <summary>
    /// The policy that <paramref name="policy"/> names: <c>phala</c>, <c>phala-docs</c>, <c>strict</c> or a file. Throws
    /// <see cref="SettingException"/> where there is none (with the reason inside), or it does not hold together.
    /// </summary>
    public static CouncilPolicy Read(string policy)
    {
        if (policy is "phala" or "phala-docs" or "strict")
            return new CouncilPolicy { Name = policy, Appraisal = policy };
        byte[] file;
        try
        {
            file = File.ReadAllBytes(policy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"there is no policy {policy}: {e.Message}", "phala, phala-docs, strict, or a policy file", e);
        }

        if (!CouncilPolicyFile.TryRead(file, out CouncilPolicy? read, out string? problem))
            throw new SettingException($"{policy} is no policy: {problem}", "witan policy --json prints one");
        return read.Problem() is { } wrong ? throw new SettingException($"{policy} does not hold together: {wrong}", "witan policy --json prints one that does") : read;
    }
}

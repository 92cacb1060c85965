using Witan.Attestation;

namespace Witan.Agent;

/// <summary>Makes the judge of peers' evidence from settings.</summary>
public static class JudgeSettings
{
    /// <summary>
    /// Reads the roots and names the policy. <paramref name="developmentRoot"/> is a PEM file, or null for Intel's root. Throws
    /// <see cref="SettingException"/> where a setting is missing or wrong.
    /// </summary>
    public static EvidenceJudge Create(string? collateral, string? developmentRoot, string policyName, int worstLevel, TimeProvider clock)
    {
        if (collateral is null)
            throw new SettingException("there is no collateral to judge evidence with", "give it with --collateral FILE");
        AppraisalPolicy policy = AppraisalPolicy.Named(policyName) ?? throw new SettingException($"there is no policy {policyName}", "phala, phala-docs or strict");
        TrustRoot? root = TrustRoot.Intel;
        if (developmentRoot is not null)
        {
            byte[] pem;
            try
            {
                pem = File.ReadAllBytes(developmentRoot);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new SettingException($"the development root cannot be read: {e.Message}");
            }

            if (!TrustRoot.TryCreate(pem, isSimulated: true, out root, out Finding? refusal))
                throw new SettingException($"{developmentRoot}: {refusal.Message}", refusal.Remedy);
        }

        return new EvidenceJudge(collateral, root, policy with { WorstLevel = Math.Min(worstLevel, policy.WorstLevel), AcceptSimulated = developmentRoot is not null }, clock);
    }
}

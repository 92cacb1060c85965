using Witan.Attestation;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>Makes the judge of peers' evidence from settings.</summary>
public static class JudgeSettings
{
    /// <summary>
    /// Reads the roots. <paramref name="collateral"/> is a file or JSON text; <paramref name="developmentRoot"/> is a PEM file, or null for
    /// Intel's root. Throws <see cref="SettingException"/> where a setting is missing or wrong.
    /// </summary>
    public static EvidenceJudge Create(string? collateral, string? developmentRoot, CouncilPolicy council, TimeProvider clock)
    {
        if (string.IsNullOrEmpty(collateral))
            throw new SettingException("there is no collateral to judge evidence with", "give it with --collateral FILE, or as text with WITAN_COLLATERAL");
        if (council.Problem() is { } problem)
            throw new SettingException($"the policy does not hold together: {problem}", "phala, phala-docs, strict, or a policy file");
        return new EvidenceJudge(TextOrFile.Of(collateral), Root(developmentRoot), Platform(council, developmentRoot is not null), council, clock);
    }

    /// <summary>The platform part of a policy: whose quotes are good enough, whatever runs there.</summary>
    public static AppraisalPolicy Platform(CouncilPolicy council, bool acceptSimulated)
    {
        AppraisalPolicy policy = AppraisalPolicy.Named(council.Appraisal)!;
        return policy with { WorstLevel = Math.Min(council.WorstLevel, policy.WorstLevel), AcceptSimulated = acceptSimulated };
    }

    /// <summary>The root of a PEM file, or Intel's. Throws <see cref="SettingException"/> where the file is none.</summary>
    public static TrustRoot Root(string? developmentRoot)
    {
        if (developmentRoot is null)
            return TrustRoot.Intel;
        byte[] pem;
        try
        {
            pem = File.ReadAllBytes(developmentRoot);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"the development root cannot be read: {e.Message}");
        }

        return TrustRoot.TryCreate(pem, isSimulated: true, out TrustRoot? root, out Finding? refusal)
            ? root
            : throw new SettingException($"{developmentRoot}: {refusal.Message}", refusal.Remedy);
    }
}

using System.Security.Cryptography;

namespace Witan.Attestation;

/// <summary>What a policy says of the platform itself: its configuration, and how much is known of it.</summary>
internal static class PlatformChecks
{
    public static readonly string[] Properties = ["smt", "dynamic-platform", "cached-keys"];

    public static void Configuration(PckExtension? pck, AppraisalPolicy policy, FindingList findings)
    {
        foreach (string property in policy.RejectedPlatform)
        {
            bool? value = property switch
            {
                "smt" => pck?.SmtEnabled,
                "dynamic-platform" => pck?.DynamicPlatform,
                _ => pck?.CachedKeys,
            };
            if (value != false)
                findings.Fail("POLICY_PLATFORM_CONFIGURATION", property, value == true ? $"the platform has {property}, which the policy refuses" : $"nothing says whether the platform has {property}, which the policy refuses", FindingActor.PlatformOperator, "Change the platform's configuration and register it again.");
        }
    }

    /// <summary>The best entry that matches; ids are read from the verified PCK certificate.</summary>
    public static PlatformProvenance Provenance(PckExtension pck, AppraisalPolicy policy)
    {
        string ppid = Convert.ToHexStringLower(SHA256.HashData(pck.Ppid.Span));
        string instance = Convert.ToHexStringLower(pck.PlatformInstanceId.Span), fmspc = Convert.ToHexStringLower(pck.Fmspc.Span);
        return Provenance(ppid, instance, fmspc, policy);
    }

    /// <summary>The best entry that matches ids in lower-case hexadecimal; null where an id is not known.</summary>
    public static PlatformProvenance Provenance(string? ppidHash, string? instance, string? fmspc, AppraisalPolicy policy)
    {
        if (policy.Platforms.IsDefaultOrEmpty)
            return new(Attestation.Provenance.P0, "the policy lists no platforms");
        PlatformEntry? best = policy.Platforms
            .Where(entry => Same(entry.PpidHash, ppidHash) || Same(entry.PlatformInstanceId, instance) || Same(entry.Fmspc, fmspc))
            .MaxBy(entry => entry.Provenance);
        return best is null
            ? new(Attestation.Provenance.P0, "the policy does not list this platform")
            : new(best.Provenance, best.Id + (best.Source is { } source ? $" ({source})" : ""));
    }

    /// <summary>Whether an entry that would be worth enough names a platform by an id that is not known: then nothing can be said.</summary>
    public static bool IsUnseen(string? ppidHash, string? instance, string? fmspc, AppraisalPolicy policy) => policy.Platforms
        .Where(entry => entry.Provenance >= policy.MinimumProvenance)
        .Any(entry => (entry.PpidHash is not null && ppidHash is null) || (entry.PlatformInstanceId is not null && instance is null) || (entry.Fmspc is not null && fmspc is null));

    public static void Demand(PlatformProvenance have, AppraisalPolicy policy, FindingList findings)
    {
        if (have.Level < policy.MinimumProvenance)
            findings.Fail("POLICY_PLATFORM_IDENTITY", "platform", $"provenance {have.Level}; the policy demands {policy.MinimumProvenance}: {have.Evidence}", FindingActor.VerifierOperator, "Add the platform's id to the policy after its place and owner were checked, or refuse it.");
    }

    private static bool Same(string? listed, string? have) => listed is not null && listed == have;
}

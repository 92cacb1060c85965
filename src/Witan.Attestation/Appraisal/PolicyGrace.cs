namespace Witan.Attestation;

/// <summary>
/// An exception with an end: until a stated second a level or one advisory is accepted that the policy would refuse. Every use leaves
/// a finding. Exactly one of level and advisory is given.
/// </summary>
/// <param name="Level">Accept levels as bad as this one, 1 to 5; null where the grace is for an advisory.</param>
/// <param name="Advisory">Accept this advisory; null where the grace is for a level.</param>
/// <param name="Until">The last second, inclusive.</param>
/// <param name="Reason">For people; null where not said.</param>
public sealed record PolicyGrace(int? Level, string? Advisory, DateTimeOffset Until, string? Reason);

/// <summary>What a policy makes of a TD whose host was updated under it.</summary>
public enum RelaunchRule
{
    /// <summary>It has no level, as in the network's code.</summary>
    None,

    /// <summary>It has the level of the state it was launched in: 5.</summary>
    AsLaunched,
}

/// <summary>Something that lowers the effective tier below the confidence level.</summary>
/// <param name="Code">Stable: DEBUG, SIMULATED, MEASUREMENT_UNKNOWN, COLLATERAL_AGE, COLLATERAL_STALE, EVALUATION_NUMBER.</param>
/// <param name="Tier">The best tier that is left; null for none.</param>
public sealed record TierCap(string Code, int? Tier);

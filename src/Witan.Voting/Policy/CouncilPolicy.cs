using System.Text.Json.Serialization;
using Witan.Attestation;

namespace Witan.Voting;

/// <summary>
/// Who is admitted, and the bounds within which a requester may set rules. Identified by its hash, which every proposal pins at
/// its opening. A requester may only be stricter.
/// </summary>
public sealed record CouncilPolicy
{
    /// <summary>Name and version of the JSON form.</summary>
    public const string SchemaName = PolicySchema.Council;

    /// <summary>How far a requester's clock may be from the coordinator's.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary><see cref="SchemaName"/>.</summary>
    public string Schema { get; init; } = SchemaName;

    /// <summary>The policy's name.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Which reading of the confidence levels counts: <c>phala</c>, <c>phala-docs</c> or <c>strict</c>.</summary>
    public string Appraisal { get; init; } = "phala";

    /// <summary>The worst confidence level that is admitted, 1 to 5.</summary>
    public int WorstLevel { get; init; } = 5;

    /// <summary>Accepted MRTD values, lower-case hexadecimal; empty accepts any.</summary>
    public IReadOnlyList<string> MrTd { get; init; } = [];

    /// <summary>MRTD values that are not accepted any more, whatever else is; lower-case hexadecimal.</summary>
    public IReadOnlyList<string> RevokedMrTd { get; init; } = [];

    /// <summary>Compose hashes that a coordinator may run, lower-case hexadecimal; empty accepts any.</summary>
    public IReadOnlyList<string> CoordinatorComposeHashes { get; init; } = [];

    /// <summary>Compose hashes that a worker may run, lower-case hexadecimal; empty accepts any.</summary>
    public IReadOnlyList<string> WorkerComposeHashes { get; init; } = [];

    /// <summary>Compose hashes that a trustee may run, lower-case hexadecimal; empty accepts any.</summary>
    public IReadOnlyList<string> TrusteeComposeHashes { get; init; } = [];

    /// <summary>Hashes of accepted OS images, lower-case hexadecimal; empty accepts any. Counts only where the hash was measured.</summary>
    public IReadOnlyList<string> OsImageHashes { get; init; } = [];

    /// <summary>Accepted providers of the guests' keys, for example <c>kms</c>; empty accepts any.</summary>
    public IReadOnlyList<string> KeyProviders { get; init; } = [];

    /// <summary>Accepted platforms: SHA-256 of the PPID, lower-case hexadecimal; empty accepts any. A list is provenance P2.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>How many voters of one roster, and how many trustees of one proposal, may run on one platform; 0 sets no limit.</summary>
    public int InstancesPerPlatform { get; init; } = 1;

    /// <summary>
    /// Whether a worker whose admission is withdrawn may still cast in proposals whose roster has it. The default is that it may not:
    /// withdrawal takes effect at once everywhere.
    /// </summary>
    public bool RevokedMayFinish { get; init; }

    /// <summary>
    /// Whether proposals with the same question are linked: of two whose rosters differ by fewer than the anonymity set a trustee opens one sum alone,
    /// because the difference of both would show single votes.
    /// </summary>
    public bool LinkSameQuestions { get; init; }

    /// <summary>Fewest workers on a roster.</summary>
    public int MinimumWorkers { get; init; } = 3;

    /// <summary>Most workers on a roster.</summary>
    public int MaximumWorkers { get; init; } = 1000;

    /// <summary>Fewest ballots whose sum may be opened.</summary>
    public int MinimumAnonymity { get; init; } = 2;

    /// <summary>Fewest accepted ballots, as percent of the smallest roster, rounded up; at least one ballot.</summary>
    public int TurnoutPercent { get; init; } = 51;

    /// <summary>Numerator of the pass rule.</summary>
    public int PassNumerator { get; init; } = 1;

    /// <summary>Denominator of the pass rule.</summary>
    public int PassDenominator { get; init; } = 2;

    /// <summary>Fewest trustees; more than half of them open a sum.</summary>
    public int MinimumTrustees { get; init; } = 1;

    /// <summary>The longest that a proposal may last from creation to close, and again from there to the last moment to settle, in milliseconds.</summary>
    public long LongestMilliseconds { get; init; } = 30L * 86_400_000;

    /// <summary>How long an attestation is valid, in milliseconds; at most a day.</summary>
    public long AttestationMilliseconds { get; init; } = 86_400_000;

    /// <summary>Weights by the agent's <c>did:key</c>; everybody else has 1.</summary>
    public IReadOnlyDictionary<string, int> Weights { get; init; } = new SortedDictionary<string, int>(StringComparer.Ordinal);

    /// <summary>The weight of an agent.</summary>
    public int WeightOf(AgentKeys keys) => Weights.TryGetValue(keys.Did(), out int weight) ? weight : 1;

    /// <summary>The compose hashes that an agent of a role may run; empty accepts any.</summary>
    public IReadOnlyList<string> ComposeHashesOf(AgentRole role) => role switch
    {
        AgentRole.Coordinator => CoordinatorComposeHashes,
        AgentRole.Worker => WorkerComposeHashes,
        _ => TrusteeComposeHashes,
    };

    /// <summary>What is wrong with it, one sentence; null where it holds together.</summary>
    public string? Problem()
    {
        if (Schema != SchemaName)
            return $"schema is not {SchemaName}";
        if (Name.Length is 0 or > 100)
            return "name: 1 to 100 characters";
        if (Appraisal is not ("phala" or "phala-docs" or "strict"))
            return "appraisal: phala, phala-docs or strict";
        if (WorstLevel is < 1 or > 5)
            return "worstLevel: 1 to 5";
        if (MinimumWorkers < 1 || MaximumWorkers < MinimumWorkers || MinimumAnonymity < 1 || MinimumAnonymity > MinimumWorkers)
            return "workers: at least 1, as many as the anonymity set, and no more than maximumWorkers";
        if (TurnoutPercent is < 1 or > 100)
            return "turnoutPercent: 1 to 100";
        if (MinimumTrustees is < 1 or > 31)
            return "minimumTrustees: 1 to 31";
        if (LongestMilliseconds < 1000)
            return "longestMilliseconds: at least a second";
        if (AttestationMilliseconds is < 1000 or > 86_400_000)
            return "attestationMilliseconds: a second to a day";
        if (InstancesPerPlatform < 0)
            return "instancesPerPlatform: 0 for no limit, or more";
        string? list = BadList("mrTd", MrTd, 96) ?? BadList("revokedMrTd", RevokedMrTd, 96) ?? BadList("coordinatorComposeHashes", CoordinatorComposeHashes, 64)
            ?? BadList("workerComposeHashes", WorkerComposeHashes, 64) ?? BadList("trusteeComposeHashes", TrusteeComposeHashes, 64)
            ?? BadList("osImageHashes", OsImageHashes, 64) ?? BadList("platforms", Platforms, 64);
        if (list is not null)
            return list;
        if (KeyProviders.Any(name => name.Length is 0 or > 40))
            return "keyProviders: names of 1 to 40 characters";
        if (Weights.Keys.FirstOrDefault(name => !DidKey.TryParse(name, out DidKey? did) || did.ToString() != name) is { } wrong)
            return $"weights: {wrong} is no did:key of an Ed25519 or P-256 key";
        if (Weights.Values.Any(weight => weight is < 1 or > 1_000_000))
            return "weights: 1 to 1,000,000";
        return PassDenominator is < 1 or > 1000 || PassNumerator < 1 || PassNumerator >= PassDenominator || PassNumerator * 2 < PassDenominator
            ? "pass rule: a fraction of at least one half and below 1"
            : null;
    }

    /// <summary>
    /// Whether zeros stand in one of its lists. A file that is shipped has them where its operator writes a hash: whoever forgets is told so, by
    /// <see cref="Problem"/> at the start.
    /// </summary>
    [JsonIgnore]
    public bool IsUnfinished =>
        new[] { MrTd, RevokedMrTd, CoordinatorComposeHashes, WorkerComposeHashes, TrusteeComposeHashes, OsImageHashes, Platforms }.Any(list => list.Any(IsZeros));

    private static string? BadList(string name, IReadOnlyList<string> values, int digits) =>
        !values.All(value => value.Length == digits && value.All(char.IsAsciiHexDigitLower)) ? $"{name}: lower-case hexadecimal of {digits} digits"
        : values.Any(IsZeros) ? $"{name}: the zeros stand for a value that is still to be written there"
        : null;

    private static bool IsZeros(string value) => value.Length > 0 && value.All(digit => digit == '0');

    /// <summary>
    /// In what a proposal is looser than this policy, one sentence; null where it is as strict or stricter: nobody who proposes loosens what the policy demands.
    /// <paramref name="now"/> is the coordinator's clock.
    /// </summary>
    public string? Looser(ProposalBody body, DateTimeOffset now)
    {
        if (body.MinimumRoster < MinimumWorkers || body.MinimumRoster > MaximumWorkers)
            return $"roster: {MinimumWorkers} to {MaximumWorkers} workers at least";
        if (body.MinimumTurnout < 1 || body.MinimumTurnout * 100L < (long)TurnoutPercent * body.MinimumRoster)
            return $"turnout: at least {TurnoutPercent} percent of the smallest roster";
        if (body.MinimumAnonymity < MinimumAnonymity)
            return $"anonymity: no sum of fewer than {MinimumAnonymity} ballots is opened";
        if ((long)body.PassNumerator * PassDenominator < (long)PassNumerator * body.PassDenominator)
            return $"pass rule: more than {PassNumerator}/{PassDenominator} at least";
        if (body.Trustees < MinimumTrustees)
            return $"trustees: {MinimumTrustees} at least";
        if (body.CreatedAt - now > ClockTolerance || now - body.CreatedAt > ClockTolerance)
            return "created: the requester's clock is more than five minutes off";
        if ((body.CloseAt - body.CreatedAt).TotalMilliseconds > LongestMilliseconds)
            return $"close: at most {LongestMilliseconds} ms after creation";
        if ((body.SettleBy - body.CloseAt).TotalMilliseconds > LongestMilliseconds)
            return $"settle by: at most {LongestMilliseconds} ms after the close";
        return body.OpenBy <= now ? "open by: that moment has passed already" : null;
    }

    /// <summary>The identity of the policy.</summary>
    public Digest Hash() => new CanonicalWriter(DomainTags.Policy)
        .Text(Name).Text(Appraisal).Number(WorstLevel)
        .List(MrTd, (to, value) => to.Text(value)).List(RevokedMrTd, (to, value) => to.Text(value))
        .List(CoordinatorComposeHashes, (to, value) => to.Text(value)).List(WorkerComposeHashes, (to, value) => to.Text(value))
        .List(TrusteeComposeHashes, (to, value) => to.Text(value)).List(OsImageHashes, (to, value) => to.Text(value))
        .List(KeyProviders, (to, value) => to.Text(value)).List(Platforms, (to, value) => to.Text(value))
        .Number(InstancesPerPlatform).Number((RevokedMayFinish ? 1 : 0) + (LinkSameQuestions ? 2 : 0))
        .Number(MinimumWorkers).Number(MaximumWorkers).Number(MinimumAnonymity).Number(TurnoutPercent)
        .Number(PassNumerator).Number(PassDenominator).Number(MinimumTrustees)
        .Number(LongestMilliseconds).Number(AttestationMilliseconds)
        .List([.. Weights.OrderBy(pair => pair.Key, StringComparer.Ordinal)], (to, pair) => to.Text(pair.Key).Number(pair.Value))
        .Hash();
}

/// <summary>The JSON form of a policy. Files are read with <see cref="CouncilPolicyFile"/>, which knows what a missing member means.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    WriteIndented = true,
    MaxDepth = 16)]
[JsonSerializable(typeof(CouncilPolicy))]
public sealed partial class PolicyJson : JsonSerializerContext;

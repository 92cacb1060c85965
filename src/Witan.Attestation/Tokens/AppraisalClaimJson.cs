using System.Globalization;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Our own claim as JSON: one map, the same in both profiles.</summary>
internal static class AppraisalClaimJson
{
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const int MaximumItems = 1024;

    public static void Write(Utf8JsonWriter writer, AppraisalClaim claim)
    {
        writer.WriteStartObject(EarNames.Extension);
        writer.WriteString("outcome", OutcomeText(claim.Outcome));
        Number(writer, "confidence_level", claim.ConfidenceLevel);
        writer.WriteString("level_policy", claim.LevelPolicy);
        Number(writer, "effective_tier", claim.EffectiveTier);
        Strings(writer, "caps", claim.Caps);
        writer.WriteStartObject("provenance");
        writer.WriteString("level", claim.Provenance.Level.ToString());
        writer.WriteString("evidence", claim.Provenance.Evidence);
        writer.WriteEndObject();
        writer.WriteStartObject("tcb");
        writer.WriteString("status", claim.TcbStatus);
        Strings(writer, "advisory_ids", claim.AdvisoryIds);
        Time(writer, "date", claim.TcbDate);
        Number(writer, "evaluation_data_number", claim.EvaluationDataNumber);
        writer.WriteEndObject();
        Strings(writer, "reasons", claim.Findings.Select(finding => finding.Code).Distinct(StringComparer.Ordinal));
        writer.WriteStartArray("findings");
        foreach (TokenFinding finding in claim.Findings)
        {
            writer.WriteStartObject();
            writer.WriteString("code", finding.Code);
            writer.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
            writer.WriteString("message", finding.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("policy");
        writer.WriteString("id", claim.Policy);
        writer.WriteString("sha256", claim.PolicyHash);
        writer.WriteEndObject();
        writer.WriteStartObject("collateral");
        foreach (TokenDocument document in claim.Collateral)
        {
            writer.WriteStartObject(document.Kind);
            writer.WriteString("sha256", document.Sha256);
            Time(writer, "issued", document.From);
            Time(writer, "next_update", document.To);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartObject("evidence");
        writer.WriteString("kind", claim.EvidenceKind);
        writer.WriteStartObject("claims");
        foreach ((string name, string value) in claim.Claims.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.WriteEndObject();
        Time(writer, "evaluated_at", claim.EvaluatedAt);
        if (claim.Mode is { } mode)
            writer.WriteString("mode", mode);
        writer.WriteEndObject();
    }

    public static AppraisalClaim Read(JsonElement map)
    {
        JsonElement provenance = SignedJson.Member(map, "provenance"), tcb = SignedJson.Member(map, "tcb"), policy = SignedJson.Member(map, "policy"), evidence = SignedJson.Member(map, "evidence");
        string level = SignedJson.Text(provenance, "level");
        return new AppraisalClaim
        {
            Outcome = SignedJson.Text(map, "outcome") switch
            {
                "accepted" => AppraisalOutcome.Accepted,
                "rejected" => AppraisalOutcome.Rejected,
                "undecided" => AppraisalOutcome.Undecided,
                string other => throw new FormatException($"outcome {other} is not known"),
            },
            ConfidenceLevel = Tier(map, "confidence_level"),
            LevelPolicy = SignedJson.Text(map, "level_policy"),
            EffectiveTier = Tier(map, "effective_tier"),
            Caps = Strings(map, "caps"),
            Provenance = new PlatformProvenance(
                level is "P0" or "P1" or "P2" or "P3" ? (Provenance)(level[1] - '0') : throw new FormatException($"provenance {level} is not known"), SignedJson.Text(provenance, "evidence")),
            TcbStatus = IsNull(tcb, "status") ? null : SignedJson.Text(tcb, "status"),
            AdvisoryIds = Strings(tcb, "advisory_ids"),
            TcbDate = Time(tcb, "date"),
            EvaluationDataNumber = IsNull(tcb, "evaluation_data_number") ? null : SignedJson.Number(tcb, "evaluation_data_number", int.MaxValue),
            Findings = [.. SignedJson.Array(map, "findings", 0, MaximumItems).Select(item => new TokenFinding(SignedJson.Text(item, "code"), Severity(SignedJson.Text(item, "severity")), SignedJson.Text(item, "message")))],
            Policy = SignedJson.Text(policy, "id"),
            PolicyHash = Convert.ToHexStringLower(SignedJson.Hex(policy, "sha256", 32)),
            Collateral = [.. Members(map, "collateral").Select(item => new TokenDocument(item.Name, Convert.ToHexStringLower(SignedJson.Hex(item.Value, "sha256", 32)), Time(item.Value, "issued"), Time(item.Value, "next_update")))],
            EvidenceKind = SignedJson.Text(evidence, "kind"),
            Claims = Members(evidence, "claims").ToDictionary(item => item.Name, item => item.Value.ValueKind == JsonValueKind.String ? item.Value.GetString()! : throw new FormatException($"claim {item.Name} is no string"), StringComparer.Ordinal),
            EvaluatedAt = Time(map, "evaluated_at") ?? throw new FormatException("member evaluated_at is null"),
            Mode = map.TryGetProperty("mode", out _) ? SignedJson.Text(map, "mode") : null,
        };
    }

    private static string OutcomeText(AppraisalOutcome outcome) => outcome.ToString().ToLowerInvariant();

    private static FindingSeverity Severity(string text) => text switch
    {
        "warning" => FindingSeverity.Warning,
        "undecided" => FindingSeverity.Undecided,
        "error" => FindingSeverity.Error,
        _ => FindingSeverity.Note,
    };

    private static void Number(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
            writer.WriteNumber(name, number);
        else
            writer.WriteNull(name);
    }

    private static void Time(Utf8JsonWriter writer, string name, DateTimeOffset? value) =>
        writer.WriteString(name, value?.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture));

    private static void Strings(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    private static bool IsNull(JsonElement map, string name) => SignedJson.Member(map, name).ValueKind == JsonValueKind.Null;

    private static int? Tier(JsonElement map, string name)
    {
        if (IsNull(map, name))
            return null;
        return SignedJson.Number(map, name, 5) is > 0 and int tier ? tier : throw new FormatException($"member {name} is no number from 1 to 5");
    }

    private static DateTimeOffset? Time(JsonElement map, string name) => IsNull(map, name) ? null : SignedJson.Date(map, name);

    private static string[] Strings(JsonElement map, string name) =>
        [.. SignedJson.Array(map, name, 0, MaximumItems).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new FormatException($"an item of {name} is no string"))];

    private static List<JsonProperty> Members(JsonElement map, string name) => SignedJson.Member(map, name) is { ValueKind: JsonValueKind.Object } value
        ? [.. value.EnumerateObject()]
        : throw new FormatException($"member {name} is no object");
}

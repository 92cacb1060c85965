using System.Text.Json.Serialization;
using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

internal sealed record VerifyJson(
    string Schema,
    string? File,
    EvidenceJson Evidence,
    IReadOnlyDictionary<string, string> Claims,
    TcbJson Tcb,
    VerdictJson Verdict,
    IReadOnlyList<FindingJson> Findings)
{
    /// <summary>Tier, caps, provenance and hash of the policy.</summary>
    public AppraisalJson? Appraisal { get; init; }

    /// <summary>The platform under the early TCB set, where one was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ForecastJson? Early { get; init; }

    /// <summary>The result as a signed token, where one was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }

    public static VerifyJson Of(VerifyResult result, AppraisalPolicy policy) => new(
        "witan.verify/1",
        result.File,
        new EvidenceJson(result.Kind, result.Quote?.Version ?? result.Ias?.Report.Version),
        VerifyClaims.Of(result) ?? [],
        result.Facts?.Tcb is { } tcb ? TcbJson.Of(tcb) : result.Ias is { } ias ? TcbJson.Of(ias) : TcbJson.Of(result.Token),
        new VerdictJson(result.Verdict.Outcome, result.Verdict.ConfidenceLevel, result.Verdict.Policy, result.Verdict.LevelRule, result.Verdict.IsSimulated ? "simulated" : null),
        [.. result.Verdict.Findings.Select(FindingJson.Of)])
    {
        Appraisal = AppraisalJson.Of(result.Verdict, policy),
        Early = ForecastJson.Of(result.Forecast),
    };

    /// <summary>
    /// What could not even be started, in the same shape: a file that cannot be read, an option that makes no sense. Nothing is known, so
    /// nothing is decided, and the exit code says that the command was wrong.
    /// </summary>
    /// <param name="file">The file; null where the whole command was wrong.</param>
    /// <param name="policy">The policy's name as it was given.</param>
    /// <param name="error">What was wrong.</param>
    public static VerifyJson Of(string? file, string policy, CommandException error) => new(
        "witan.verify/1",
        file,
        new EvidenceJson("unknown", null),
        new Dictionary<string, string>(StringComparer.Ordinal),
        TcbJson.Unknown,
        new VerdictJson(AppraisalOutcome.Undecided, null, policy, "no level without verified evidence", null),
        [FindingJson.Of(new Finding(file is null ? "COMMAND_WRONG" : "FILE_UNREADABLE", FindingSeverity.Undecided, error.Message) { Remedy = error.Hint, Actor = FindingActor.VerifierOperator })]);
}

internal sealed record EvidenceJson(string Kind, int? Version);

internal sealed record TcbJson(
    string? Status, TcbStatus? LaunchStatus, TcbStatus? CurrentStatus, IReadOnlyList<string> AdvisoryIds, DateTimeOffset? Date, long? EvaluationDataNumber, IReadOnlyList<TcbShortfall> Shortfall)
{
    /// <summary>The platform's levels above the one that matches, the nearest first, up to the best one.</summary>
    public IReadOnlyList<TcbStep> Steps { get; init; } = [];

    /// <summary>Nothing is known of the platform: every member is there, and empty.</summary>
    public static TcbJson Unknown { get; } = new(null, null, null, [], null, null, []);

    public static TcbJson Of(TcbFacts tcb) =>
        new(tcb.Status?.ToString(), tcb.Launch.Status, tcb.Current.Status, tcb.AdvisoryIds, tcb.Date, tcb.EvaluationDataNumber, tcb.Shortfall) { Steps = tcb.Steps };

    // Of several submodules each has its own; one alone is shown.
    public static TcbJson Of(TokenFacts? token) => token?.Result?.Submodules is [{ Appraisal: { } claim }]
        ? new(claim.TcbStatus, null, null, claim.AdvisoryIds, claim.TcbDate, claim.EvaluationDataNumber, [])
        : Unknown;

    // A report spells its status in its own way, and knows neither launch nor date.
    public static TcbJson Of(IasFacts ias) => new(
        ias.Report.StatusText, null, null, [.. ias.Report.AdvisoryIds.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], null, ias.Report.EvaluationDataNumber, ias.Shortfall);
}

internal sealed record VerdictJson(AppraisalOutcome Outcome, int? ConfidenceLevel, string Policy, string Rule, string? Mark);

internal sealed record FindingJson(
    string Code, FindingSeverity Severity, string Message, string? Subject, string? Why, string? Remedy, FindingActor Actor, string? Evidence, int? Offset)
{
    public static FindingJson Of(Finding finding) => new(
        finding.Code, finding.Severity, finding.Message, finding.Subject, finding.Why ?? FindingCatalog.Find(finding.Code)?.Meaning, finding.Remedy, finding.Actor, finding.Evidence, finding.Offset);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(VerifyJson))]
internal sealed partial class VerifyJsonContext : JsonSerializerContext;

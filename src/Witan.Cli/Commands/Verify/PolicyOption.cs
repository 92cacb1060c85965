using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>A policy by name, or from a file of schema <c>witan.policy/1</c>.</summary>
internal static class PolicyOption
{
    public static AppraisalPolicy Read(string text)
    {
        if (AppraisalPolicy.Named(text) is { } named)
            return named;
        if (!File.Exists(text))
            throw new CommandException($"there is no policy {text}", "phala, phala-docs, strict, or a policy file");
        PolicyFile file;
        try
        {
            file = JsonSerializer.Deserialize(InputFile.Read(text, 1 << 20), PolicyFileContext.Default.PolicyFile) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new CommandException($"{text} is no policy: {e.Message.Split(" Path:")[0]}", "docs/manual/verify.md shows the form");
        }

        if (file.Schema != "witan.policy/1" || file.WorstLevel is < 1 or > 5)
            throw new CommandException($"{text} is no policy: schema witan.policy/1 and worstLevel 1 to 5 are needed");
        AppraisalPolicy rule = AppraisalPolicy.Named(file.Rule) ?? throw new CommandException($"{text}: there is no rule {file.Rule}", "phala, phala-docs or strict");
        return rule with
        {
            Name = file.Name,
            WorstLevel = file.WorstLevel,
            RejectedAdvisories = [.. file.RejectedAdvisories],
            MinimumEvaluationDataNumber = file.MinimumEvaluationDataNumber,
            MinimumTcbDate = file.MinimumTcbDate,
            MaximumCollateralAge = file.MaximumCollateralAgeDays is { } days ? TimeSpan.FromDays(days) : null,
            MrEnclave = Lower(file.MrEnclave),
            MrSigner = Lower(file.MrSigner),
            MrTd = Lower(file.MrTd),
            Rtmr = [.. file.Rtmr.Select(list => Lower(list))],
            ServiceTd = Lower(file.ServiceTd),
        };
    }

    private static ImmutableArray<string> Lower(IReadOnlyList<string> values) => [.. values.Select(value => value.ToLowerInvariant())];
}

internal sealed record PolicyFile(
    string Schema,
    string Name,
    string Rule,
    int WorstLevel,
    IReadOnlyList<string> RejectedAdvisories,
    long? MinimumEvaluationDataNumber,
    DateTimeOffset? MinimumTcbDate,
    double? MaximumCollateralAgeDays,
    IReadOnlyList<string> MrEnclave,
    IReadOnlyList<string> MrSigner,
    IReadOnlyList<string> MrTd,
    IReadOnlyList<IReadOnlyList<string>> Rtmr,
    IReadOnlyList<string> ServiceTd)
{
    [JsonConstructor]
    public PolicyFile(
        string schema,
        string name,
        string rule,
        IReadOnlyList<string>? rejectedAdvisories = null,
        long? minimumEvaluationDataNumber = null,
        DateTimeOffset? minimumTcbDate = null,
        double? maximumCollateralAgeDays = null,
        IReadOnlyList<string>? mrEnclave = null,
        IReadOnlyList<string>? mrSigner = null,
        IReadOnlyList<string>? mrTd = null,
        IReadOnlyList<IReadOnlyList<string>>? rtmr = null,
        IReadOnlyList<string>? serviceTd = null,
        int worstLevel = 5)
        : this(
            schema, name, rule, worstLevel, rejectedAdvisories ?? [], minimumEvaluationDataNumber, minimumTcbDate, maximumCollateralAgeDays,
            mrEnclave ?? [], mrSigner ?? [], mrTd ?? [], rtmr ?? [], serviceTd ?? [])
    {
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(PolicyFile))]
internal sealed partial class PolicyFileContext : JsonSerializerContext;

using System.Text.Json.Serialization;
using Witan.Attestation;
using Witan.Cli.Commands.Verify;

namespace Witan.Cli.Commands.CollateralFiles;

internal sealed record CollateralJson(
    string Schema,
    string Name,
    string Outcome,
    string? Mark,
    string? Fingerprint,
    CollateralFamilyJson? Family,
    TcbInfoJson? TcbInfo,
    QeIdentityJson? QeIdentity,
    CrlJson? PckCrl,
    CrlJson? RootCaCrl,
    DateTimeOffset? GoodUntil,
    FetchedJson? Fetched,
    IReadOnlyList<FindingJson> Findings)
{
    public static CollateralJson Of(CollateralSight sight)
    {
        TrustedCollateral? trusted = sight.Trusted;
        return new CollateralJson(
            "witan.collateral/1",
            sight.Name,
            sight.Outcome,
            trusted is { IsSimulated: true } ? "simulated" : null,
            trusted?.Fingerprint,
            trusted is null ? null : CollateralFamilyJson.Of(trusted),
            trusted is null ? null : TcbInfoJson.Of(trusted.TcbInfo),
            trusted is null ? null : QeIdentityJson.Of(trusted.QeIdentity),
            trusted is null ? null : CrlJson.Of(trusted.PckCrl),
            trusted is null ? null : CrlJson.Of(trusted.RootCrl),
            trusted?.EarliestExpiry,
            sight.Fetched is { } fetched ? new FetchedJson(fetched.Source, fetched.FetchedAt, fetched.IsFromCache, fetched.Set.ToString()) : null,
            [.. sight.Findings.Select(FindingJson.Of)]);
    }
}

internal sealed record CollateralFamilyJson(string Tee, string Fmspc, string PceId, string Ca)
{
    public static CollateralFamilyJson Of(TrustedCollateral trusted) => new(
        trusted.TcbInfo.Tee == TeeType.Tdx ? "tdx" : "sgx",
        Convert.ToHexStringLower(trusted.TcbInfo.Fmspc.Span),
        Convert.ToHexStringLower(trusted.TcbInfo.PceId.Span),
        trusted.PckCrl.IssuerName.Contains("Platform", StringComparison.Ordinal) ? "platform" : "processor");
}

internal sealed record TcbInfoJson(
    int Version, long EvaluationDataNumber, DateTimeOffset IssueDate, DateTimeOffset NextUpdate, IReadOnlyList<TcbLevelJson> Levels, IReadOnlyList<TdxModuleJson> Modules)
{
    public static TcbInfoJson Of(TcbInfo info) => new(
        info.Version,
        info.EvaluationDataNumber,
        info.IssueDate,
        info.NextUpdate,
        [.. info.Levels.Select(level => new TcbLevelJson(
            level.Status, level.Date, level.AdvisoryIds, [.. level.Sgx.Select(component => (int)component.Svn)], level.PceSvn, [.. level.Tdx.Select(component => (int)component.Svn)]))],
        [.. info.Modules.Select(module => new TdxModuleJson(module.Version, [.. module.Levels.Select(IsvLevelJson.Of)]))]);
}

internal sealed record TcbLevelJson(
    TcbStatus Status, DateTimeOffset Date, IReadOnlyList<string> AdvisoryIds, IReadOnlyList<int> Sgx, int PceSvn, IReadOnlyList<int> Tdx);

internal sealed record TdxModuleJson(int Version, IReadOnlyList<IsvLevelJson> Levels);

internal sealed record IsvLevelJson(int IsvSvn, TcbStatus Status, DateTimeOffset Date, IReadOnlyList<string> AdvisoryIds)
{
    public static IsvLevelJson Of(IsvLevel level) => new(level.IsvSvn, level.Status, level.Date, level.AdvisoryIds);
}

internal sealed record QeIdentityJson(
    string Id, long EvaluationDataNumber, DateTimeOffset IssueDate, DateTimeOffset NextUpdate, string MrSigner, int IsvProdId, IReadOnlyList<IsvLevelJson> Levels)
{
    public static QeIdentityJson Of(QeIdentity identity) => new(
        identity.Id,
        identity.EvaluationDataNumber,
        identity.IssueDate,
        identity.NextUpdate,
        Convert.ToHexStringLower(identity.MrSigner.Span),
        identity.IsvProdId,
        [.. identity.Levels.Select(IsvLevelJson.Of)]);
}

internal sealed record CrlJson(string Issuer, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Revoked)
{
    public static CrlJson Of(RevocationList list) => new(list.IssuerName, list.ThisUpdate, list.NextUpdate, list.Count);
}

internal sealed record FetchedJson(string Source, DateTimeOffset FetchedAt, bool IsFromCache, string Set);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CollateralJson))]
internal sealed partial class CollateralJsonContext : JsonSerializerContext;

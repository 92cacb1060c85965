using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Witan.Attestation;

namespace Witan.Cli.Commands.Verify;

internal sealed record VerifyJson(
    string Schema,
    string File,
    EvidenceJson Evidence,
    IReadOnlyDictionary<string, string>? Claims,
    TcbJson? Tcb,
    VerdictJson Verdict,
    IReadOnlyList<FindingJson> Findings)
{
    public static VerifyJson Of(VerifyResult result) => new(
        "witan.verify/1",
        result.File,
        new EvidenceJson(result.Quote is { } quote ? (quote.Tee == TeeType.Sgx ? "sgx-quote" : "tdx-quote") : "unknown", result.Quote?.Version),
        result.Quote is null ? null : ClaimsOf(result.Quote, result.Facts?.Pck),
        result.Facts?.Tcb is { } tcb ? TcbJson.Of(tcb) : null,
        new VerdictJson(result.Verdict.Outcome, result.Verdict.ConfidenceLevel, result.Verdict.Policy, result.Verdict.LevelRule, result.Verdict.IsSimulated ? "simulated" : null),
        [.. result.Verdict.Findings.Select(FindingJson.Of)]);

    private static Dictionary<string, string> ClaimsOf(Quote quote, PckExtension? pck)
    {
        static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
        var claims = new Dictionary<string, string>(StringComparer.Ordinal) { ["reportData"] = Hex(quote.ReportData), ["debug"] = quote.IsDebug ? "true" : "false" };
        if (quote.Tee == TeeType.Sgx)
        {
            SgxReport report = quote.SgxReport;
            claims["mrEnclave"] = Hex(report.MrEnclave);
            claims["mrSigner"] = Hex(report.MrSigner);
            claims["isvProdId"] = $"{report.IsvProdId}";
            claims["isvSvn"] = $"{report.IsvSvn}";
            claims["attributes"] = Hex(report.Attributes);
            claims["miscSelect"] = $"{report.MiscSelect:x8}";
            claims["cpuSvn"] = Hex(report.CpuSvn);
        }
        else
        {
            TdReport report = quote.TdReport;
            claims["mrTd"] = Hex(report.MrTd);
            for (int i = 0; i < 4; i++)
                claims[$"rtmr{i}"] = Hex(report.Rtmr(i));
            claims["mrConfigId"] = Hex(report.MrConfigId);
            claims["mrOwner"] = Hex(report.MrOwner);
            claims["mrOwnerConfig"] = Hex(report.MrOwnerConfig);
            claims["mrSeam"] = Hex(report.MrSeam);
            claims["tdAttributes"] = $"{report.TdAttributes:x16}";
            claims["xfam"] = $"{report.Xfam:x16}";
            claims["teeTcbSvn"] = Hex(report.TeeTcbSvn);
            if (report.Kind != TdReportKind.Td10)
            {
                claims["teeTcbSvn2"] = Hex(report.TeeTcbSvn2);
                claims["mrServiceTd"] = Hex(report.MrServiceTd);
            }
        }

        if (pck is not null)
        {
            claims["fmspc"] = Hex(pck.Fmspc.Span);
            // The id itself follows a machine for life; its hash is enough for an allow-list.
            claims["ppidHash"] = Hex(SHA256.HashData(pck.Ppid.Span));
            claims["pceSvn"] = $"{pck.PceSvn}";
            claims["pceId"] = Hex(pck.PceId.Span);
        }

        return claims;
    }
}

internal sealed record EvidenceJson(string Kind, int? Version);

internal sealed record TcbJson(
    TcbStatus? Status, TcbStatus? LaunchStatus, TcbStatus? CurrentStatus, IReadOnlyList<string> AdvisoryIds, DateTimeOffset? Date, long EvaluationDataNumber, IReadOnlyList<TcbShortfall> Shortfall)
{
    public static TcbJson Of(TcbFacts tcb) =>
        new(tcb.Status, tcb.Launch.Status, tcb.Current.Status, tcb.AdvisoryIds, tcb.Date, tcb.EvaluationDataNumber, tcb.Shortfall);
}

internal sealed record VerdictJson(AppraisalOutcome Outcome, int? ConfidenceLevel, string Policy, string Rule, string? Mark);

internal sealed record FindingJson(
    string Code, FindingSeverity Severity, string Message, string? Subject, string? Remedy, FindingActor Actor, string? Evidence, int? Offset)
{
    public static FindingJson Of(Finding finding) => new(
        finding.Code, finding.Severity, finding.Message, finding.Subject, finding.Remedy, finding.Actor, finding.Evidence, finding.Offset);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(VerifyJson))]
internal sealed partial class VerifyJsonContext : JsonSerializerContext;

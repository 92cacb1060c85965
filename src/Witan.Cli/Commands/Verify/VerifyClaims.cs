using System.Security.Cryptography;
using Witan.Attestation;

namespace Witan.Cli.Commands.Verify;

/// <summary>The claims of evidence by name, as <c>witan.verify/1</c> and tokens carry them.</summary>
internal static class VerifyClaims
{
    public static Dictionary<string, string>? Of(VerifyResult result) =>
        result.Quote is { } quote ? DstackReport.WithClaims(result.Guest, OfQuote(quote, result.Facts?.Pck)) : result.Ias is { } ias ? OfReport(ias)
        : result.Token is { } token ? TokenFile.Claims(token) : null;

    private static Dictionary<string, string> OfQuote(Quote quote, PckExtension? pck)
    {
        var claims = new Dictionary<string, string>(StringComparer.Ordinal) { ["reportData"] = Hex(quote.ReportData), ["debug"] = Word(quote.IsDebug) };
        if (quote.Tee == TeeType.Sgx)
            AddEnclave(claims, quote.SgxReport);
        else
            AddTd(claims, quote.TdReport);
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

    private static Dictionary<string, string> OfReport(IasFacts facts)
    {
        IasReport report = facts.Report;
        IasQuoteBody body = report.QuoteBody;
        var claims = new Dictionary<string, string>(StringComparer.Ordinal) { ["reportData"] = Hex(body.Report.ReportData), ["debug"] = Word(body.Report.IsDebug) };
        AddEnclave(claims, body.Report);
        claims["isvEnclaveQuoteStatus"] = report.StatusText;
        claims["timestamp"] = report.Timestamp.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
        claims["reportId"] = report.Id;
        claims["epidGroup"] = $"{body.EpidGroup:x8}";
        claims["qeSvn"] = $"{body.QeSvn}";
        claims["pceSvn"] = $"{body.PceSvn}";
        if (report.Nonce is { } nonce)
            claims["nonce"] = nonce;
        // A pseudonym links reports of one machine; its hash does that as well, and no more.
        if (report.EpidPseudonym is { } pseudonym)
            claims["epidPseudonymHash"] = Hex(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(pseudonym)));
        if (report.RevocationReason is { } reason)
            claims["revocationReason"] = $"{reason}";
        if (facts.PlatformInfo is { } blob)
            claims["platformInfoBlob"] = blob.ToString();
        return claims;
    }

    private static void AddEnclave(Dictionary<string, string> claims, SgxReport report)
    {
        claims["mrEnclave"] = Hex(report.MrEnclave);
        claims["mrSigner"] = Hex(report.MrSigner);
        claims["isvProdId"] = $"{report.IsvProdId}";
        claims["isvSvn"] = $"{report.IsvSvn}";
        claims["configId"] = Hex(report.ConfigId);
        claims["configSvn"] = $"{report.ConfigSvn}";
        claims["attributes"] = Hex(report.Attributes);
        claims["miscSelect"] = $"{report.MiscSelect:x8}";
        claims["cpuSvn"] = Hex(report.CpuSvn);
    }

    private static void AddTd(Dictionary<string, string> claims, TdReport report)
    {
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

    private static string Word(bool value) => value ? "true" : "false";

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}

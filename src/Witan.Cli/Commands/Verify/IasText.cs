using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>An attestation verification report for people.</summary>
internal static class IasText
{
    public static void Write(TextWriter output, IasFacts facts)
    {
        IasReport report = facts.Report;
        output.WriteLine(Terminal.Plain($"  evidence     EPID attestation report of {report.Timestamp:yyyy-MM-dd HH:mm:ss} UTC, version {report.Version}{(report.QuoteBody.Report.IsDebug ? ", debug" : "")}"));
        output.WriteLine(Terminal.Plain($"  mrenclave    {Convert.ToHexStringLower(report.QuoteBody.Report.MrEnclave)}"));
        output.WriteLine(Terminal.Plain($"  status       {report.StatusText}{(report.EvaluationDataNumber is { } number ? $", evaluation number {number}" : "")}"));
        if (report.AdvisoryIds.Count > 0)
            output.WriteLine(Terminal.Plain($"  advisories   {string.Join(", ", report.AdvisoryIds)}"));
        foreach (TcbShortfall item in facts.Shortfall)
            output.WriteLine(Terminal.Plain($"  short        {item.Component}: has 0x{item.Have:x2}, needs 0x{item.Need:x2}; raised by: {item.Update}"));
        if (facts.PlatformInfo is { } blob)
            output.WriteLine(Terminal.Plain($"  {blob}"));
        if (facts.Findings.FirstOrDefault(finding => finding.Code is "IAS_SIGNER_EXPIRED_SINCE" or "IAS_CHAIN_AT_REPORT_TIME") is { } chain)
            output.WriteLine(Terminal.Plain($"  signer       {chain.Message}"));
    }
}

using System.Text.Json;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary>What a command has to say about one collateral.</summary>
/// <param name="Name">File or source.</param>
/// <param name="Trusted">Null where it is not authentic, or there is none.</param>
/// <param name="Fetched">Where it came from; null for files.</param>
/// <param name="Findings">What was found.</param>
internal sealed record CollateralSight(string Name, TrustedCollateral? Trusted, FetchedCollateral? Fetched, IReadOnlyList<Finding> Findings)
{
    public string Outcome =>
        Findings.Any(finding => finding.Severity == FindingSeverity.Error) ? "rejected"
        : Trusted is null ? "undecided"
        : Findings.Any(finding => finding.Severity == FindingSeverity.Undecided) ? "stale"
        : "good";
}

/// <summary>For people, or as <c>witan.collateral/1</c>.</summary>
internal static class CollateralReport
{
    public static void Write(Terminal terminal, CollateralSight sight, bool json)
    {
        if (json)
            terminal.Out.WriteLine(JsonSerializer.Serialize(CollateralJson.Of(sight), CollateralJsonContext.Default.CollateralJson));
        else
            WriteText(terminal, sight);
    }

    private static void WriteText(Terminal terminal, CollateralSight sight)
    {
        string outcome = sight.Outcome switch
        {
            "good" => terminal.Good("✓ authentic and fresh"),
            "stale" => terminal.Doubt("? authentic, not fresh"),
            "rejected" => terminal.Bad("✗ not authentic"),
            _ => terminal.Doubt("? none"),
        };
        terminal.Out.WriteLine($"{outcome}  {Terminal.Plain(sight.Name)}{(sight.Trusted is { IsSimulated: true } ? "  (simulated)" : "")}");
        if (sight.Trusted is { } trusted)
            WriteDocuments(terminal, trusted);
        if (sight.Fetched is { } fetched)
            terminal.Out.WriteLine($"  from          {Terminal.Plain(fetched.Source)}, {fetched.FetchedAt:yyyy-MM-dd'T'HH:mm:ss'Z'}{(fetched.IsFromCache ? ", out of the cache" : "")}");
        foreach (Finding finding in sight.Findings)
        {
            string mark = finding.Severity switch { FindingSeverity.Error => terminal.Bad("✗"), FindingSeverity.Note => terminal.Dim("·"), _ => terminal.Doubt("!") };
            terminal.Out.WriteLine($"  {mark} {finding.Code}  {Terminal.Plain(finding.Message)}");
            if (finding.Remedy is { } remedy && finding.Severity != FindingSeverity.Note)
                terminal.Out.WriteLine($"      fix: {Terminal.Plain(remedy)}");
        }
    }

    private static void WriteDocuments(Terminal terminal, TrustedCollateral trusted)
    {
        TcbInfo info = trusted.TcbInfo;
        QeIdentity identity = trusted.QeIdentity;
        terminal.Out.WriteLine(Terminal.Plain($"  family        {info.Tee.ToString().ToUpperInvariant()}, FMSPC {Convert.ToHexString(info.Fmspc.Span)}, PCE {Convert.ToHexString(info.PceId.Span)}, {trusted.PckCrl.IssuerName}"));
        terminal.Out.WriteLine($"  TCB info      version {info.Version}, evaluation number {info.EvaluationDataNumber}, {Dates(info.IssueDate, info.NextUpdate)}, {info.Levels.Count} levels, best {info.Levels[0].Status}");
        terminal.Out.WriteLine($"  QE identity   {identity.Id}, evaluation number {identity.EvaluationDataNumber}, {Dates(identity.IssueDate, identity.NextUpdate)}");
        terminal.Out.WriteLine($"  PCK CRL       {Dates(trusted.PckCrl.ThisUpdate, trusted.PckCrl.NextUpdate)}, {trusted.PckCrl.Count} revoked");
        terminal.Out.WriteLine($"  root CA CRL   {Dates(trusted.RootCrl.ThisUpdate, trusted.RootCrl.NextUpdate)}, {trusted.RootCrl.Count} revoked");
        terminal.Out.WriteLine($"  good until    {trusted.EarliestExpiry:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        foreach (TcbLevel level in info.Levels)
        {
            string advisories = level.AdvisoryIds.Count == 0 ? "" : $", {level.AdvisoryIds.Count} advisories";
            terminal.Out.WriteLine(terminal.Dim($"    {level.Date:yyyy-MM-dd}  {level.Status}{advisories}"));
        }
    }

    private static string Dates(DateTimeOffset from, DateTimeOffset to) => $"{from:yyyy-MM-dd} to {to:yyyy-MM-dd}";
}

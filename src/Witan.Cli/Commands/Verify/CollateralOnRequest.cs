using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.Verify;

/// <summary>Collateral for a quote from the network: only where <c>--fetch</c> was given, and told on stderr.</summary>
internal static class CollateralOnRequest
{
    public static async Task<(TrustedCollateral? Trusted, IReadOnlyList<Finding> Problems)> FetchAsync(
        CollateralClient client, byte[] bytes, Terminal terminal, CancellationToken cancellationToken)
    {
        if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal) || !PlatformFamily.TryOf(quote, out PlatformFamily? family, out refusal))
            return (null, [refusal]);
        CollateralResult result = await client.GetAsync(family, cancellationToken: cancellationToken);
        if (result.Collateral is not { } fetched)
            // What could not be decided comes first: a broken cache alone rejects nothing.
            return (null, [.. result.Findings.OrderByDescending(finding => finding.Severity == FindingSeverity.Undecided)]);
        await terminal.Error.WriteLineAsync($"collateral: {family} from {(fetched.IsFromCache ? "the cache, first " : "")}{fetched.Source}");
        foreach (Finding finding in result.Findings)
            await terminal.Error.WriteLineAsync($"collateral: {finding.Message}");
        return (fetched.Trusted, []);
    }
}

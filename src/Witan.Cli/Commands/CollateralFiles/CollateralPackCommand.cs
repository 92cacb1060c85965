using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Verify;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary><c>witan collateral pack</c>: one file with which a quote verifies where there is no network.</summary>
internal static class CollateralPackCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("QUOTE") { Description = "the quote that it is for, binary or hexadecimal" };
        var output = new Option<string>("--output") { Description = "the file to write", Required = true };
        var given = new Option<string?>("--collateral") { Description = "pack this collateral; without it, what the cache holds" };
        var fetch = new Option<bool>("--fetch") { Description = "ask the sources where the cache has nothing recent" };
        var at = new Option<string?>("--at") { Description = "the quote must verify at this moment (default: now)" };
        var root = new Option<string?>("--trust-root") { Description = "trust these roots (PEM) instead of Intel's" };
        var simulated = new Option<bool>("--simulated") { Description = "the trust root is a development root" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.collateral/1)" };
        var sources = new SourceOptions();
        var command = new Command("pack", "Pack a quote's collateral and certificates into one file that needs no network.") { file, output, given, fetch, at, root, simulated, json };
        foreach (Option option in sources.All)
            command.Options.Add(option);
        command.SetAction(async (parsed, token) =>
        {
            string name = parsed.GetValue(file)!;
            byte[] bytes = VerifyCommand.ReadQuoteFile(name);
            if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
                throw new CommandException($"{name}: {refusal.Message}", refusal.Remedy);
            TrustRoot roots = VerifyCommand.Root(parsed.GetValue(root), parsed.GetValue(simulated));
            DateTimeOffset moment = VerifyCommand.Moment(parsed.GetValue(at));
            ReadOnlyMemory<byte> bundle;
            if (parsed.GetValue(given) is { } path)
            {
                bundle = InputFile.Read(path, Collateral.MaximumSize);
            }
            else
            {
                using CollateralClient client = sources.Client(parsed, roots);
                PlatformFamily family = FamilyOptions.OfQuote(name, bytes);
                CollateralResult result = parsed.GetValue(fetch) ? await client.GetAsync(family, cancellationToken: token) : new CollateralResult(client.Kept(family), []);
                if (result.Collateral is not { } found)
                {
                    foreach (Finding problem in result.Findings)
                        terminal.WriteError(problem.Message, problem.Remedy);
                    throw new CommandException(
                        $"there is no collateral for {family}", parsed.GetValue(fetch) ? null : "give it with --collateral, or ask for it with --fetch", ExitCode.Undecided);
                }

                bundle = found.Bundle;
            }

            return Pack(terminal, quote, bundle, roots, moment, parsed.GetValue(output)!, parsed.GetValue(json));
        });
        return command;
    }

    // Written only after the quote has verified with exactly these bytes: that is what the file is for.
    private static int Pack(Terminal terminal, Quote quote, ReadOnlyMemory<byte> bundle, TrustRoot roots, DateTimeOffset at, string output, bool json)
    {
        if (!Collateral.TryParse(bundle, out Collateral? collateral, out Finding? refusal))
            throw new CommandException(refusal.Message, refusal.Remedy, ExitCode.Undecided);
        byte[] packed = CollateralBundle.Write(collateral, quote.CertificationType == 5 ? quote.CertificationData : default);
        _ = Collateral.TryParse(packed, out collateral, out _);
        CollateralVerification verification = CollateralVerifier.Verify(collateral!, roots, at);
        QuoteFacts? facts = verification.Trusted is { } trusted ? QuoteVerifier.Verify(quote, trusted, at) : null;
        IReadOnlyList<Finding> findings = facts?.Findings ?? verification.Findings;
        if (facts is { Authenticity: Authenticity.Genuine, IsCollateralStale: false })
            OutputFile.Write(output, packed);
        CollateralReport.Write(terminal, new CollateralSight(output, verification.Trusted, null, findings), json);
        if (facts is { Authenticity: Authenticity.Genuine, IsCollateralStale: false })
            return ExitCode.Good;
        terminal.WriteError($"{output} was not written: the quote does not verify with this collateral", "witan verify --explain says why");
        return findings.Any(finding => finding.Severity == FindingSeverity.Error) ? ExitCode.Rejected : ExitCode.Undecided;
    }
}

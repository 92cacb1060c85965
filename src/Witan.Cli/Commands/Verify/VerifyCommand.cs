using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary><c>witan verify</c>: what does this evidence prove, and is that good enough?</summary>
public static class VerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("QUOTE") { Description = "quotes, binary or hexadecimal; - reads standard input", Arity = ArgumentArity.OneOrMore };
        var collateral = new Option<string?>("--collateral") { Description = "collateral for the platform (JSON)" };
        var at = new Option<string?>("--at") { Description = "judge at this moment, for example 2026-06-27T22:27:15Z (default: now)" };
        var policy = new Option<string>("--policy") { Description = "phala, phala-docs, strict, or a policy file", DefaultValueFactory = _ => "phala" };
        var root = new Option<string?>("--trust-root") { Description = "trust these roots (PEM) instead of Intel's" };
        var simulated = new Option<bool>("--simulated") { Description = "the trust root is a development root: accept, and mark, simulated evidence" };
        var reportData = new Option<string?>("--report-data") { Description = "what the report data must be: up to 128 hexadecimal digits, padded with zeros" };
        var explain = new Option<bool>("--explain") { Description = "show every finding, with evidence and remedy" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.verify/1), one line a file" };
        var command = new Command("verify", "Verify SGX and TDX quotes, and appraise them to a confidence level.")
        {
            files, collateral, at, policy, root, simulated, reportData, explain, json,
        };
        command.SetAction(parsed =>
        {
            DateTimeOffset moment = Moment(parsed.GetValue(at));
            AppraisalPolicy demanded = PolicyOption.Read(parsed.GetValue(policy)!) with
            {
                AcceptSimulated = parsed.GetValue(simulated),
                ReportData = ReportData(parsed.GetValue(reportData)),
            };
            TrustRoot roots = Root(parsed.GetValue(root), parsed.GetValue(simulated));
            (TrustedCollateral? trusted, IReadOnlyList<Finding> problems) = ReadCollateral(parsed.GetValue(collateral), roots, moment);
            int worst = ExitCode.Good;
            foreach (string file in parsed.GetValue(files)!)
            {
                VerifyResult result = Judge(file, trusted, problems, demanded, moment);
                if (parsed.GetValue(json))
                    terminal.Out.WriteLine(JsonSerializer.Serialize(VerifyJson.Of(result), VerifyJsonContext.Default.VerifyJson));
                else
                    VerifyText.Write(terminal, result, parsed.GetValue(explain));
                worst = Worse(worst, Exit(result.Verdict.Outcome));
            }

            return worst;
        });
        return command;
    }

    internal static VerifyResult Judge(
        string file, TrustedCollateral? trusted, IReadOnlyList<Finding> problems, AppraisalPolicy policy, DateTimeOffset at)
    {
        byte[] bytes = Binary(InputFile.Read(file, 1 << 20));
        if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
            return new VerifyResult(file, null, null, Appraiser.Refuse(refusal, policy));
        if (trusted is null)
            return new VerifyResult(file, quote, null, Appraiser.Refuse(problems[0], policy) with { Findings = problems });
        QuoteFacts facts = QuoteVerifier.Verify(quote, trusted, at);
        return new VerifyResult(file, quote, facts, Appraiser.Appraise(facts, policy));
    }

    internal static (TrustedCollateral? Trusted, IReadOnlyList<Finding> Problems) ReadCollateral(string? path, TrustRoot root, DateTimeOffset at)
    {
        if (path is null)
        {
            return (null, [new Finding("COLLATERAL_MISSING", FindingSeverity.Undecided, "no collateral was given, so nothing can be said about the platform")
            {
                Actor = FindingActor.VerifierOperator,
                Remedy = "Give it with --collateral FILE.",
            }]);
        }

        if (!Collateral.TryParse(InputFile.Read(path, Collateral.MaximumSize), out Collateral? collateral, out Finding? refusal))
            return (null, [refusal]);
        CollateralVerification verification = CollateralVerifier.Verify(collateral, root, at);
        return (verification.Trusted, verification.Findings);
    }

    internal static TrustRoot Root(string? path, bool simulated)
    {
        if (path is null)
            return simulated ? throw new CommandException("--simulated needs a development root", "give it with --trust-root FILE") : TrustRoot.Intel;
        return TrustRoot.TryCreate(InputFile.Read(path, 1 << 20), simulated, out TrustRoot? root, out Finding? refusal)
            ? root
            : throw new CommandException($"{path}: {refusal.Message}", refusal.Remedy);
    }

    internal static DateTimeOffset Moment(string? text)
    {
        if (text is null)
            return TimeProvider.System.GetUtcNow();
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset at)
            ? at
            : throw new CommandException($"--at {text} is no time", "for example --at 2026-06-27T22:27:15Z");
    }

    private static ReadOnlyMemory<byte> ReportData(string? text)
    {
        if (text is null)
            return default;
        if (text.Length is 0 or > 128 || text.Length % 2 != 0 || !text.All(char.IsAsciiHexDigit))
            throw new CommandException("--report-data takes up to 128 hexadecimal digits");
        byte[] padded = new byte[64];
        Convert.FromHexString(text).CopyTo(padded, 0);
        return padded;
    }

    // A quote travels as bytes or as hexadecimal text; a quote's first byte is its version and no digit.
    private static byte[] Binary(byte[] file)
    {
        ReadOnlySpan<byte> text = file.AsSpan().Trim("\r\n\t \0"u8);
        if (text.StartsWith("0x"u8))
            text = text[2..];
        foreach (byte octet in text)
        {
            if (!char.IsAsciiHexDigit((char)octet))
                return file;
        }

        return text.Length > 0 && text.Length % 2 == 0 ? Convert.FromHexString(System.Text.Encoding.ASCII.GetString(text)) : file;
    }

    internal static int Exit(AppraisalOutcome outcome) => outcome switch
    {
        AppraisalOutcome.Accepted => ExitCode.Good,
        AppraisalOutcome.Rejected => ExitCode.Rejected,
        _ => ExitCode.Undecided,
    };

    // Of several files a rejection weighs most, then what could not be decided.
    internal static int Worse(int a, int b) => a == ExitCode.Rejected || b == ExitCode.Rejected ? ExitCode.Rejected : Math.Max(a, b);
}

/// <summary>What came of one file.</summary>
/// <param name="File">Its name.</param>
/// <param name="Quote">Null where it is none.</param>
/// <param name="Facts">Null where there was no trusted collateral.</param>
/// <param name="Verdict">The verdict.</param>
internal sealed record VerifyResult(string File, Quote? Quote, QuoteFacts? Facts, Verdict Verdict);

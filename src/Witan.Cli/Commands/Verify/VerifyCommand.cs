using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.CollateralFiles;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.Verify;

/// <summary><c>witan verify</c>: what does this evidence prove, and is that good enough?</summary>
public static class VerifyCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "verify";

    /// <summary>With <c>--json</c>, a command line that makes no sense as a line of <c>witan.verify/1</c>.</summary>
    internal static void WriteMistyped(ParseResult parsed, Terminal terminal, CommandException problem)
    {
        if (!parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).Any(token => token.Value == "--json"))
            return;
        string policy = parsed.GetResult("--policy") is OptionResult { Tokens: [{ } named, ..] } ? named.Value : AppraisalPolicy.Phala.Name;
        Print(terminal, VerifyJson.Of(null, policy, problem));
    }

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("EVIDENCE") { Description = "quotes, binary or hexadecimal, reports of dstack guests, EPID attestation reports, or tokens; - reads standard input", Arity = ArgumentArity.OneOrMore };
        var collateral = new Option<string?>("--collateral") { Description = "collateral for the platform (JSON)" };
        var fetch = new Option<bool>("--fetch") { Description = "get collateral from the network where the cache has nothing recent" };
        var sources = new SourceOptions("collateral-");
        var at = new Option<string?>("--at") { Description = "judge at this moment, for example 2026-06-27T22:27:15Z (default: now)" };
        var policy = new Option<string>("--policy") { Description = "phala, phala-docs, strict, or a policy file", DefaultValueFactory = _ => "phala" };
        var root = new Option<string?>("--trust-root") { Description = "trust these roots (PEM) instead of Intel's" };
        var simulated = new Option<bool>("--simulated") { Description = "the trust root is a development root: accept, and mark, simulated evidence" };
        var reportData = new Option<string?>("--report-data") { Description = "what the report data must be: up to 128 hexadecimal digits, padded with zeros" };
        var explain = new Option<bool>("--explain") { Description = "show every finding, with evidence and remedy" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.verify/1), one line a file" };
        var command = new Command(Name, "Verify SGX and TDX quotes, reports of dstack guests, EPID attestation reports and attestation result tokens, and appraise them to a confidence level.")
        {
            files, collateral, fetch, at, policy, root, simulated, reportData, explain, json,
        };
        var early = new EarlyCollateral();
        early.AddTo(command);
        foreach (Option option in sources.Few)
            command.Options.Add(option);
        var guest = new DstackOptions();
        guest.AddTo(command);
        var reports = new IasOptions();
        reports.AddTo(command);
        var tokens = new TokenOptions();
        tokens.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            try
            {
                return await JudgeAllAsync(parsed, token);
            }
            catch (CommandException e) when (parsed.GetValue(json))
            {
                Print(terminal, VerifyJson.Of(null, parsed.GetValue(policy)!, e));
                throw;
            }
        });
        return command;

        async Task<int> JudgeAllAsync(ParseResult parsed, CancellationToken token)
        {
            if (parsed.GetValue(fetch) && (parsed.GetValue(at) is not null || parsed.GetValue(collateral) is not null))
                throw new CommandException("--fetch gets today's collateral", "leave out --at and --collateral, or --fetch");
            DateTimeOffset moment = Moment(parsed.GetValue(at));
            AppraisalPolicy demanded = PolicyOption.Read(parsed.GetValue(policy)!) with
            {
                AcceptSimulated = parsed.GetValue(simulated),
                ReportData = ReportData(parsed.GetValue(reportData)),
            };
            EvidenceFile[] named = [.. parsed.GetValue(files)!.Select(EvidenceFile.Read)];
            byte[][] contents = [.. named.Select(file => file.Content)];
            // Reports and tokens have roots and keys of their own: those of quotes are read only where there is one.
            bool alone = Array.TrueForAll(contents, content => reports.Are(parsed, content) || AttestationResultToken.Resembles(content));
            TrustRoot roots = alone ? TrustRoot.Intel : Root(parsed.GetValue(root), parsed.GetValue(simulated));
            (TrustedCollateral? trusted, IReadOnlyList<Finding> problems) = ReadCollateral(parsed.GetValue(collateral), roots, moment);
            TrustedCollateral? next = early.Read(parsed, roots, moment);
            using CollateralClient? client = parsed.GetValue(fetch) ? sources.Client(parsed, roots) : null;
            IasFile? ias = reports.Read(parsed, named.Length, parsed.GetValue(root), parsed.GetValue(simulated), contents);
            using TokenIssuer? issuer = tokens.Issuer(parsed, parsed.GetValue(simulated));
            TokenFile? checker = tokens.Checker(parsed, contents);
            DstackDemands guests = guest.Read(parsed, demanded);
            int worst = ExitCode.Good;
            foreach ((string file, byte[] content, CommandException? problem) in named)
            {
                if (problem is not null)
                {
                    if (parsed.GetValue(json))
                        Print(terminal, VerifyJson.Of(file, parsed.GetValue(policy)!, problem));
                    terminal.WriteError(problem.Message, problem.Hint);
                    worst = Worse(worst, problem.ExitCode);
                    continue;
                }

                bool isIas = reports.Are(parsed, content), isToken = !isIas && AttestationResultToken.Resembles(content);
                byte[] bytes = Binary(content);
                bool isReport = !isIas && !isToken && DstackReport.Is(bytes);
                if (client is not null && !isIas && !isToken)
                    (trusted, problems) = await CollateralOnRequest.FetchAsync(client, isReport ? DstackReport.QuoteBytes(bytes) : bytes, terminal, token);
                VerifyResult judged = !isReport && guest.AreGiven(parsed) ? NoGuest(file, demanded)
                    : isIas ? ias!.Judge(file, content, demanded, moment)
                    : isToken ? checker!.Judge(file, content, demanded, moment)
                    : isReport
                    ? DstackReport.Judge(file, bytes, trusted, problems, guests, moment)
                    : Judge(file, bytes, trusted, problems, demanded, moment);
                VerifyResult result = EarlyCollateral.Foresee(judged, next, demanded);
                string? signed = issuer?.Issue(result, demanded, TimeProvider.System.GetUtcNow());
                if (parsed.GetValue(json))
                    Print(terminal, VerifyJson.Of(result, demanded) with { Token = signed });
                else
                    VerifyText.Write(terminal, issuer is null ? terminal.Out : terminal.Error, result, parsed.GetValue(explain));
                if (signed is not null && !parsed.GetValue(json))
                    terminal.Out.WriteLine(signed);
                worst = Worse(worst, Exit(result.Verdict.Outcome));
            }

            return worst;
        }
    }

    // Whoever sends the bare quote of any machine must not get around what is demanded of the guest.
    private static VerifyResult NoGuest(string file, AppraisalPolicy policy) => new(file, null, null, Appraiser.Refuse(
        new Finding("EVIDENCE_NOT_A_GUEST", FindingSeverity.Error, "a dstack guest's report is demanded, and this is other evidence, which does not say what the guest runs")
        {
            Subject = "evidence",
            Actor = FindingActor.Sender,
            Remedy = "Send the guest agent's whole answer and not the quote alone.",
        },
        policy));

    private static void Print(Terminal terminal, VerifyJson line) => terminal.Out.WriteLine(JsonSerializer.Serialize(line, VerifyJsonContext.Default.VerifyJson));

    internal static VerifyResult Judge(
        string file, TrustedCollateral? trusted, IReadOnlyList<Finding> problems, AppraisalPolicy policy, DateTimeOffset at) =>
        Judge(file, ReadQuoteFile(file), trusted, problems, policy, at);

    internal static byte[] ReadQuoteFile(string file) => Binary(InputFile.Read(file, 1 << 20));

    private static VerifyResult Judge(
        string file, byte[] bytes, TrustedCollateral? trusted, IReadOnlyList<Finding> problems, AppraisalPolicy policy, DateTimeOffset at)
    {
        if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
            return new VerifyResult(file, null, null, Appraiser.Refuse(refusal, policy));
        if (trusted is null)
            return new VerifyResult(file, quote, null, Appraiser.WithoutCollateral(problems, policy));
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
                Remedy = "Give it with --collateral FILE, or get it with --fetch.",
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

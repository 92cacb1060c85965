using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.CollateralFiles;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>The options of <c>witan sgx-test</c>, and what does not go together.</summary>
internal sealed class SgxTestOptions
{
    private readonly Option<string?> _record = new("--record") { Description = "save what was read, to be judged anywhere" };
    private readonly Option<string?> _replay = new("--replay") { Description = "judge a saved snapshot, the output of cpuid -r, or CSV of CPUID leaves; - reads standard input" };
    private readonly Option<string?> _root = new("--root") { Description = "take /dev, /sys, /proc, /run, /var from this directory; with --replay, the processor's leaves from the dump" };
    private readonly Option<bool> _attest = new("--attest") { Description = "allow requests that may store keys or use the network: have a quote prepared, or made in a guest" };
    private readonly Option<string?> _enclave = new("--whitelisted-enclave") { Description = "directory with an enclave signed by Intel (.sgxs and .sig), for the third launch test" };
    private readonly Option<string?> _quote = new("--quote") { Description = "rate this quote" };
    private readonly Option<string?> _collateral = new("--collateral") { Description = "collateral for the quote's platform (JSON)" };
    private readonly Option<bool> _fetch = new("--fetch") { Description = "get the collateral from the network where the cache has nothing recent" };
    private readonly SourceOptions _sources = new("collateral-");
    private readonly Option<string?> _iasReport = new("--ias-report") { Description = "rate this EPID report, as it was published: a body, or raReport with signature and certificate" };
    private readonly Option<string?> _iasSignature = new("--ias-signature") { Description = "the report's signature, where it does not come in the same file" };
    private readonly Option<string?> _iasCertificate = new("--ias-certificate") { Description = "the signer's certificate, where it does not come in the same file" };
    private readonly Option<string?> _trustRoot = new("--trust-root") { Description = "trust these roots (PEM) instead of Intel's" };
    private readonly Option<bool> _simulated = new("--simulated") { Description = "the trust root is a development root: accept, and mark, simulated evidence" };
    private readonly Option<string?> _at = new("--at") { Description = "rate evidence at this moment, for example 2026-06-27T22:27:15Z (default: now)" };
    private readonly Option<string> _policy = new("--policy") { Description = "phala, phala-docs, strict, or a policy file", DefaultValueFactory = _ => "phala" };
    private readonly Option<string?> _require = new("--require") { Description = "what must be there: sgx, sgx-production, tdx-guest, tdx-host, snp-guest, snp-host, gpu-cc, dstack, tier<=N" };
    private readonly Option<string?> _explain = new("--explain") { Description = "the evidence, the rule and the remedy of one check, by its id, code or label" };
    private readonly Option<bool> _json = new("--json") { Description = "print JSON (witan.machine/1)" };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "evidence under every line" };
    private readonly Option<bool> _all = new("--all") { Description = "also what does not apply to this machine" };
    private readonly Option<bool> _plain = new("--plaintext") { Description = "yes, no and ??? instead of marks" };
    private readonly Option<string?> _probe = new("--probe") { Hidden = true };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _record, _replay, _root, _attest, _enclave, _quote, _collateral, _fetch, _iasReport, _iasSignature, _iasCertificate, _trustRoot, _simulated, _at, _policy, _require, _explain, _json, _verbose, _all, _plain, _probe,
        })
            command.Options.Add(option);
        foreach (Option option in _sources.Few)
            command.Options.Add(option);
    }

    public SgxTestRequest Read(ParseResult parsed)
    {
        var request = new SgxTestRequest
        {
            Record = parsed.GetValue(_record),
            Replay = parsed.GetValue(_replay),
            Root = parsed.GetValue(_root),
            Attest = parsed.GetValue(_attest),
            WhitelistedEnclave = parsed.GetValue(_enclave),
            Quote = parsed.GetValue(_quote),
            Collateral = parsed.GetValue(_collateral),
            CollateralClient = parsed.GetValue(_fetch) ? root => _sources.Client(parsed, root) : null,
            IasReport = parsed.GetValue(_iasReport),
            IasSignature = parsed.GetValue(_iasSignature),
            IasCertificate = parsed.GetValue(_iasCertificate),
            TrustRoot = parsed.GetValue(_trustRoot),
            Simulated = parsed.GetValue(_simulated),
            At = parsed.GetValue(_at),
            Policy = parsed.GetValue(_policy)!,
            Require = parsed.GetValue(_require) is { } text ? Requirements(text) : null,
            Explain = parsed.GetValue(_explain),
            Json = parsed.GetValue(_json),
            Verbose = parsed.GetValue(_verbose),
            All = parsed.GetValue(_all),
            PlainText = parsed.GetValue(_plain),
            Probe = parsed.GetValue(_probe),
        };
        Refuse(request.Record?.Length == 0, "--record names no file", "a variable that is not set gives an empty name");
        Refuse(request.Quote is not null && request.IasReport is not null, "--quote and --ias-report are both rated", "give one of them");
        Refuse(request.IasReport is null && (request.IasSignature ?? request.IasCertificate) is not null, "--ias-signature and --ias-certificate belong to a report", "give it with --ias-report FILE");
        Refuse(!request.HasEvidence && (request.TrustRoot is not null || request.Simulated), "--trust-root and --simulated are for evidence", "give it with --quote FILE or --ias-report FILE");
        Refuse(request.Collateral is not null && request.Quote is null, "--collateral belongs to a quote", "give it with --quote FILE");
        Refuse(request.CollateralClient is not null && request.Quote is null, "--fetch gets collateral for a quote", "give it with --quote FILE");
        Refuse(request.CollateralClient is not null && (request.At ?? request.Collateral) is not null, "--fetch gets today's collateral", "leave out --at and --collateral, or --fetch");
        Refuse(parsed.GetValue(_fetch) == false && _sources.Few.Any(option => parsed.GetResult(option) is { Implicit: false }), "--collateral-source and --collateral-cache are for --fetch", "give them with --fetch, or leave them out");
        Refuse(request.Replay is not null && request.Attest, "--attest asks this machine's services, --replay looks at a recording", "leave one of them out");
        Refuse(request is { Replay: not null, WhitelistedEnclave: not null }, "--whitelisted-enclave launches on this machine, --replay looks at a recording", "leave one of them out");
        Refuse(request.Explain is not null && (request.Require is not null || request.HasEvidence), "--explain explains and judges nothing", "leave out --require, --quote and --ias-report");
        Refuse(request.Explain is not null && request.Json, "--json already holds every check with its evidence and rule", "leave out --explain");
        Refuse(request.Root is { } root && !Directory.Exists(root), $"{request.Root} is no directory", "check the path");
        // The child process that launches it reads the same folder, after its parent has.
        string? problem = null;
        Refuse(request is { WhitelistedEnclave: { } folder, Probe: null } && !SignedEnclave.TryRead(folder, out _, out problem), $"--whitelisted-enclave: {problem}", "give the folder that holds one .sgxs and the .sig that belongs to it");
        return request;
    }

    private static Requirement Requirements(string text) =>
        Requirement.TryParse(text, out Requirement? requirement, out string? problem) ? requirement : throw new CommandException($"--require: {problem}");

    private static void Refuse(bool wrong, string message, string hint)
    {
        if (wrong)
            throw new CommandException(message, hint);
    }
}

using System.CommandLine;
using Witan.Agent;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Deploy;
using Witan.Cli.Commands.Verify;
using Witan.Dstack.Cloud;
using Witan.Dstack.Evidence;
using Witan.Dstack.RaTls;

namespace Witan.Cli.Commands.Watch;

/// <summary>The options of a watch, which <c>watch</c> and <c>deploy</c> share.</summary>
internal sealed class WatchOptions
{
    private readonly Option<int> _polls = new("--polls") { Description = "polls before provisioning is failed (40)", DefaultValueFactory = _ => 40 };
    private readonly Option<double> _interval = new("--interval") { Description = "seconds from poll to poll (15)", DefaultValueFactory = _ => 15 };
    private readonly Option<double> _pollTimeout = new("--poll-timeout") { Description = "seconds a poll may take (10, at most the interval)", DefaultValueFactory = _ => 10 };
    private readonly Option<int?> _port = new("--port") { Description = "port of the app; else the first endpoint" };
    private readonly Option<string> _path = new("--path") { Description = "path that answers once the app is up (/)", DefaultValueFactory = _ => "/" };
    private readonly Option<int> _logs = new("--log-lines") { Description = "log lines to show after a failure (20)", DefaultValueFactory = _ => 20 };
    private readonly Option<string> _require = new("--require") { Description = "confidence that is enough (\"tier<=3\")", DefaultValueFactory = _ => "tier<=3" };
    private readonly Option<string?> _collateral = new("--collateral") { Description = "collateral file to judge the evidence with" };
    private readonly Option<string?> _root = new("--development-root") { Description = "PEM file of a simulator's root; without it Intel's counts" };
    private readonly Option<string> _policy = new("--policy") { Description = "phala, phala-docs, strict, or a council's policy file (witan.council-policy/1)", DefaultValueFactory = _ => "phala" };
    private readonly Option<string?> _state = new("--state") { Description = "folder for the state of deployments (~/.local/state/witan/deployments)" };
    private readonly Option<bool> _unverified = new("--dangerously-without-evidence") { Description = "take an answer for ready, and verify nothing" };

    /// <summary>How evidence is judged. Settings that cannot work are refused here, before anything is sent.</summary>
    public Func<HttpClient, Func<CancellationToken, Task<string?>>, IEndpointEvidence> Evidence(ParseResult parsed)
    {
        if (parsed.GetValue(_unverified))
            return (_, _) => new NoEvidence();
        try
        {
            EvidenceJudge judge = JudgeSettings.Create(
                parsed.GetValue(_collateral), parsed.GetValue(_root), PolicySettings.Read(parsed.GetValue(_policy)!), TimeProvider.System);
            return (http, envelope) => new EndpointEvidence(http, judge, envelope);
        }
        catch (SettingException e)
        {
            throw new CommandException(e.Message, e.Hint ?? "see docs/manual/watch.md");
        }
    }

    /// <summary>Connections to the endpoint. It may show its own certificate: then the evidence in that must be accepted, too.</summary>
    public HttpClient Endpoint(ParseResult parsed)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15), PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (!parsed.GetValue(_unverified))
            handler.SslOptions.AcceptPeerEvidence(Certificates(parsed.GetValue(_collateral), parsed.GetValue(_root)));
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _polls, _interval, _pollTimeout, _port, _path, _logs, _require, _collateral, _root, _policy, _state, _unverified })
            command.Options.Add(option);
    }

    /// <summary>How it is waited. All that is wrong with it is said here, where nothing was sent yet.</summary>
    public EndpointWatchOptions Read(ParseResult parsed)
    {
        _ = Requirement(parsed);
        double interval = parsed.GetValue(_interval), timeout = Math.Min(parsed.GetValue(_pollTimeout), interval);
        if (!(interval is > 0 and <= 3600) || !(timeout > 0))
            throw new CommandException("--interval and --poll-timeout must be more than 0 and at most 3600 seconds");
        string path = parsed.GetValue(_path)!;
        if (!path.StartsWith('/'))
            throw new CommandException("--path must begin with /");
        var options = new EndpointWatchOptions
        {
            Polls = parsed.GetValue(_polls),
            Interval = TimeSpan.FromSeconds(interval),
            PollTimeout = TimeSpan.FromSeconds(timeout),
            Port = parsed.GetValue(_port),
            Path = path,
            LogLines = parsed.GetValue(_logs),
        };
        return options.Problem() is { } problem ? throw new CommandException(problem) : options;
    }

    /// <summary>Where the state of deployments is kept.</summary>
    public DeploymentStateStore States(ParseResult parsed) => new(parsed.GetValue(_state) ?? StateFolder.Path);

    public TierRequirement Requirement(ParseResult parsed) =>
        TierRequirement.TryParse(parsed.GetValue(_require)!, out TierRequirement requirement)
            ? requirement
            : throw new CommandException($"--require \"{parsed.GetValue(_require)}\" is not understood", "write it as \"tier<=3\", with 1 to 5");

    // That it is a genuine guest's key is all that is asked of a certificate: what the guest must be is asked of its evidence over a nonce.
    private static RaTlsVerifier Certificates(string? collateral, string? root)
    {
        TrustRoot roots = VerifyCommand.Root(root, simulated: root is not null);
        return new RaTlsVerifier(
            new RaTlsTrust
            {
                Collateral = _ => VerifyCommand.ReadCollateral(collateral, roots, TimeProvider.System.GetUtcNow()).Trusted,
                Policy = new DstackPolicy { Platform = AppraisalPolicy.Phala with { AcceptSimulated = root is not null }, OsImages = OsImageRule.DangerousAny },
            },
            TimeProvider.System);
    }
}

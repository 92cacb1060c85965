using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary>The options that say where collateral comes from and where it is kept; a client made of them.</summary>
internal sealed class SourceOptions
{
    private readonly Option<string[]> _sources;
    private readonly Option<string?> _cache;
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "keep nothing, and do not remember how new anything was" };
    private readonly Option<double> _timeout = new("--timeout") { Description = "seconds for each request, to the last byte (default: 10)", DefaultValueFactory = _ => 10 };
    private readonly Option<string> _update = new("--update") { Description = "standard (default), or early: what the next TCB recovery will demand", DefaultValueFactory = _ => "standard" };
    private readonly Option<int?> _number = new("--number") { Description = "the set of this tcbEvaluationDataNumber instead" };
    private readonly Option<bool> _anyCertificate = new("--dangerous-any-certificate") { Description = "take any TLS certificate of the servers, as for a PCCS that made its own" };

    /// <summary>Options with a prefix, so that they fit into a command about something else.</summary>
    public SourceOptions(string prefix = "")
    {
        _sources = new Option<string[]>($"--{prefix}source") { Description = "a PCS or PCCS, repeatable, asked in this order (default: Intel's PCS)" };
        _cache = new Option<string?>($"--{prefix}cache") { Description = "folder of the cache (default: ~/.cache/witan/collateral)" };
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_sources, _cache, _noCache, _timeout, _update, _number, _anyCertificate];

    /// <summary>Those that say where, for a command with options of its own.</summary>
    public IEnumerable<Option> Few => [_sources, _cache];

    /// <summary>A client that trusts a root.</summary>
    public CollateralClient Client(ParseResult parsed, TrustRoot root)
    {
        bool all = parsed.CommandResult.Command.Options.Contains(_timeout);
        double seconds = all ? parsed.GetValue(_timeout) : 10;
        if (!(seconds is > 0 and <= 600))
            throw new CommandException($"--timeout is {seconds}; it is above zero and at most 600 seconds");
        var options = new CollateralClientOptions
        {
            Timeout = TimeSpan.FromSeconds(seconds),
            Set = all ? Set(parsed) : TcbSet.Standard,
            CacheFolder = all && parsed.GetValue(_noCache) ? null : parsed.GetValue(_cache) ?? DefaultFolder(),
        };
        if (parsed.GetValue(_sources) is { Length: > 0 } named)
            options.Sources = [.. named.Select(text => Source(text, all && parsed.GetValue(_anyCertificate)))];
        try
        {
            return new CollateralClient(root, TimeProvider.System, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the cache cannot be made: {e.Message}", "name another folder with --cache, or --no-cache");
        }
    }

    private static CollateralSource Source(string text, bool anyCertificate)
    {
        try
        {
            var source = new CollateralSource(new Uri(text, UriKind.Absolute)) { DangerousAcceptAnyServerCertificate = anyCertificate };
            return source.Address.Host == CollateralSource.Intel.Address.Host ? CollateralSource.Intel : source;
        }
        catch (Exception e) when (e is UriFormatException or ArgumentException)
        {
            throw new CommandException($"{text} is no address of a collateral server", "for example https://localhost:8081, as of a PCCS");
        }
    }

    private TcbSet Set(ParseResult parsed)
    {
        string update = parsed.GetValue(_update)!;
        if (parsed.GetValue(_number) is { } number)
        {
            if (parsed.GetResult(_update) is { Implicit: false })
                throw new CommandException("--update and --number exclude each other");
            return number > 0 ? TcbSet.Numbered(number) : throw new CommandException($"--number is {number}; evaluation numbers are positive");
        }

        return update switch
        {
            "standard" => TcbSet.Standard,
            "early" => TcbSet.Early,
            _ => throw new CommandException($"--update {update}: standard or early"),
        };
    }

    private static string DefaultFolder()
    {
        string? named = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string? home = Environment.GetEnvironmentVariable("HOME");
        return Path.IsPathRooted(named) ? Path.Combine(named, "witan", "collateral")
            : Path.IsPathRooted(home) ? Path.Combine(home, ".cache", "witan", "collateral")
            : throw new CommandException("there is no home directory for the cache", "name a folder with --cache, or --no-cache");
    }
}

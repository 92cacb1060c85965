using System.Collections.Concurrent;
using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>
/// Collateral for platform families, from several servers in order, kept in memory and on disk. Nothing leaves it, and nothing
/// enters the cache, before every signature held under the trust root, the documents are for the family asked for, fresh, and not
/// older than seen. Calls for one family at one time share one fetch. Safe to share between threads; keep one for the process.
/// </summary>
public sealed class CollateralClient : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly TrustRoot _root;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _refreshAfter;
    private readonly TcbSet _set;
    private readonly CollateralCache? _cache;
    private readonly SourceConnection[] _sources;
    private readonly ConcurrentDictionary<CollateralEntryKey, CollateralEntry> _kept = new();
    private readonly ConcurrentDictionary<(CollateralEntryKey Key, bool Refresh), Lazy<Task<CollateralResult>>> _flights = new();
    private readonly ConcurrentDictionary<CollateralEntryKey, (FetchedCollateral Collateral, DateTimeOffset At)> _remembered = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>
    /// Makes a client that trusts <paramref name="root"/>. Throws <see cref="ArgumentException"/> for options out of their range,
    /// <see cref="IOException"/> where the cache's folder cannot be made.
    /// </summary>
    public CollateralClient(TrustRoot root, TimeProvider clock, CollateralClientOptions? options = null)
    {
        options ??= new CollateralClientOptions();
        if (options.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(options));
        (_root, _clock, _refreshAfter, _set) = (root, clock, options.RefreshAfter, options.Set);
        _cache = options.CacheFolder is { } folder ? new CollateralCache(folder) : null;
        _sources = [.. options.Sources.Select(source => new SourceConnection(source, options, clock))];
    }

    /// <summary>
    /// Collateral for a family: what is kept where it is recent enough, else fetched. A source that fails is a finding, never an
    /// exception.
    /// </summary>
    /// <param name="family">Whose collateral.</param>
    /// <param name="refresh">Fetches even where what is kept is recent.</param>
    /// <param name="cancellationToken">Ends the waiting of this caller; others who wait for the same fetch are not disturbed.</param>
    public Task<CollateralResult> GetAsync(PlatformFamily family, bool refresh = false, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        CollateralEntryKey key = CollateralEntryKey.Of(family, _set, _root);
        var flight = new Lazy<Task<CollateralResult>>(() => Task.Run(() => FlyAsync(key, refresh, _stop.Token)));
        return _flights.GetOrAdd((key, refresh), flight).Value.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// What is kept and still serves at this moment, without asking anybody; null where there is nothing. Cheap enough for every
    /// handshake: what verified is remembered, its dates are compared each time, and the disk is looked at again after a minute, for
    /// what another process has fetched.
    /// </summary>
    public FetchedCollateral? Kept(PlatformFamily family)
    {
        CollateralEntryKey key = CollateralEntryKey.Of(family, _set, _root);
        DateTimeOffset now = _clock.GetUtcNow();
        if (_remembered.TryGetValue(key, out (FetchedCollateral Collateral, DateTimeOffset At) seen)
            && now >= seen.At && now - seen.At < LookAgain && seen.Collateral.Trusted.Windows.All(window => window.Outside(now) is null))
        {
            return seen.Collateral;
        }

        CollateralEntry? entry = Newest(key);
        if (entry is null || CollateralCheck.Kept(entry, key, _root, now, out _) is not { } trusted)
        {
            _remembered.TryRemove(key, out _);
            return null;
        }

        FetchedCollateral kept = Result(key, entry, trusted, true);
        _remembered[key] = (kept, now);
        return kept;
    }

    /// <summary>Ends fetches under way and closes connections.</summary>
    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
            return;
        _stop.Cancel();
        foreach (SourceConnection source in _sources)
            source.Dispose();
        _stop.Dispose();
    }

    private async Task<CollateralResult> FlyAsync(CollateralEntryKey key, bool refresh, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(key, refresh, cancellationToken);
        }
        finally
        {
            _flights.TryRemove((key, refresh), out _);
        }
    }

    private async Task<CollateralResult> GetAsync(CollateralEntryKey key, bool refresh, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        CollateralEntry? entry = Read(key, findings);
        DateTimeOffset now = _clock.GetUtcNow();
        TrustedCollateral? kept = null;
        if (entry is { Bundle.Length: > 0 })
        {
            kept = CollateralCheck.Kept(entry, key, _root, now, out Finding? reason);
            if (reason is not null)
                findings.Add(reason with { Code = "COLLATERAL_CACHE_CORRUPT", Severity = FindingSeverity.Warning, Message = $"what the cache holds for {key.Family} is not used: {reason.Message}" });
        }

        // A clock set back must not make old collateral recent for ever.
        if (kept is not null && !refresh && now - entry!.FetchedAt < _refreshAfter && now >= entry.FetchedAt)
            return new CollateralResult(Result(key, entry, kept, true), findings);
        foreach (SourceConnection source in _sources)
        {
            try
            {
                ServedDocuments served = await SourceDocuments.GetAsync(source, key.Family, key.Set, cancellationToken);
                return new CollateralResult(Accept(key, Newest(entry?.Seen, _cache?.Seen(key)), source.Source, served, findings), Soften(findings));
            }
            catch (SourceException e)
            {
                findings.Add(e.Finding);
            }
        }

        return kept is not null
            ? new CollateralResult(Result(key, entry!, kept, true), Soften(findings))
            : new CollateralResult(null, findings);
    }

    private FetchedCollateral Accept(CollateralEntryKey key, SeenMarks? seen, CollateralSource source, ServedDocuments served, List<Finding> findings)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        (Collateral collateral, TrustedCollateral trusted) = CollateralCheck.Served(served, source, key.Family, key.Set, _root, seen, now);
        SeenMarks marks = SeenMarks.Of(trusted);
        var entry = new CollateralEntry(CollateralBundle.Write(collateral), source.ToString(), now, seen is null ? marks : SeenMarks.Later(seen, marks));
        _kept[key] = entry;
        _remembered.TryRemove(key, out _);
        if (_cache?.Write(key, entry, marks) is { } trouble)
            findings.Add(trouble);
        return Result(key, entry, trusted, false);
    }

    private CollateralEntry? Read(CollateralEntryKey key, List<Finding> findings)
    {
        if (_kept.TryGetValue(key, out CollateralEntry? entry) || _cache is null)
            return entry;
        entry = _cache.Read(key, out Finding? trouble);
        if (trouble is not null)
            findings.Add(trouble);
        return entry;
    }

    // The later of memory and disk: another process may have fetched since, or the disk may not have taken what this one fetched.
    private CollateralEntry? Newest(CollateralEntryKey key)
    {
        CollateralEntry? disk = _cache?.Read(key, out _);
        return _kept.TryGetValue(key, out CollateralEntry? memory) && (disk is not { Bundle.Length: > 0 } || memory.FetchedAt >= disk.FetchedAt) ? memory : disk;
    }

    // Another process may have seen newer since this one read.
    private static SeenMarks? Newest(SeenMarks? a, SeenMarks? b) => a is null ? b : b is null ? a : SeenMarks.Later(a, b);

    private static FetchedCollateral Result(CollateralEntryKey key, CollateralEntry entry, TrustedCollateral trusted, bool isFromCache) =>
        new(key.Family, key.Set, entry.Bundle, trusted, entry.Source, entry.FetchedAt, isFromCache);

    // Collateral is there all the same: what failed on the way is worth knowing, and decides nothing.
    private static List<Finding> Soften(List<Finding> findings) =>
        [.. findings.Select(finding => finding.Severity == FindingSeverity.Undecided ? finding with { Severity = FindingSeverity.Warning } : finding)];
}

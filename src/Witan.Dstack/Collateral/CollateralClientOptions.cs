namespace Witan.Dstack.CollateralService;

/// <summary>How collateral is fetched and kept.</summary>
public sealed class CollateralClientOptions
{
    /// <summary>Servers, asked in this order until one gives collateral that verifies.</summary>
    /// <value>The default value is Intel's service alone.</value>
    public IReadOnlyList<CollateralSource> Sources { get; set; } = [CollateralSource.Intel];

    /// <summary>Bounds each request from connecting to the last byte.</summary>
    /// <value>The default value is 10 seconds.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Longest wait that a server may ask for (<c>Retry-After</c>) and get within one fetch; once for each document. A server that asks
    /// for more is left alone until then.
    /// </summary>
    /// <value>The default value is 5 seconds.</value>
    public TimeSpan MaximumWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After this, newer collateral is looked for; what is at hand serves until its <c>nextUpdate</c> where none is to be had.</summary>
    /// <value>The default value is one day.</value>
    public TimeSpan RefreshAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Which set of TCB levels.</summary>
    /// <value>The default value is <see cref="TcbSet.Standard"/>.</value>
    public TcbSet Set { get; set; } = TcbSet.Standard;

    /// <summary>Folder of the cache. Created where it is not there.</summary>
    /// <value>The default value is null: kept in memory only, and what was seen is forgotten at the end.</value>
    public string? CacheFolder { get; set; }

    /// <summary>What is wrong with the options; null where nothing is.</summary>
    internal string? Problem() =>
        Sources.Count == 0 ? "no source of collateral is named"
        : Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(10) ? $"Timeout is {Timeout}; it is above zero and at most ten minutes"
        : MaximumWait < TimeSpan.Zero || MaximumWait > TimeSpan.FromMinutes(10) ? $"MaximumWait is {MaximumWait}; it is from zero to ten minutes"
        : RefreshAfter < TimeSpan.Zero ? $"RefreshAfter is {RefreshAfter}; it is not negative"
        : null;
}

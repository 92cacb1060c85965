namespace Witan.Dstack;

/// <summary>Where the guest agent listens: a unix socket, or an http address for development and for the external service.</summary>
public static class DstackEndpoint
{
    /// <summary>Environment variable that names another endpoint of the agent.</summary>
    public const string Variable = "DSTACK_SIMULATOR_ENDPOINT";

    /// <summary>Environment variable that names another endpoint of the legacy service.</summary>
    public const string TappdVariable = "TAPPD_SIMULATOR_ENDPOINT";

    /// <summary>Longest path of a unix socket on Linux, in bytes of UTF-8.</summary>
    public const int MaximumPathBytes = 107;

    /// <summary>The paths that are tried, in order; the first is taken where none exists.</summary>
    public static IReadOnlyList<string> Paths { get; } = PathsOf("dstack.sock");

    /// <summary>The same for the legacy service.</summary>
    public static IReadOnlyList<string> TappdPaths { get; } = PathsOf("tappd.sock");

    /// <summary>
    /// Resolves as the other SDKs do: the argument, the environment variable, the first path that exists, the first path. Throws
    /// <see cref="DstackUnavailableException"/> for a path that does not exist, <see cref="ArgumentException"/> for one that is
    /// too long.
    /// </summary>
    public static string Resolve(string? endpoint = null) => Resolve(endpoint, Variable, Paths);

    /// <summary><see cref="Resolve(string?)"/> for the legacy service.</summary>
    public static string ResolveTappd(string? endpoint = null) => Resolve(endpoint, TappdVariable, TappdPaths);

    /// <summary>Whether an endpoint is an address rather than a path.</summary>
    internal static bool IsAddress(string endpoint) =>
        endpoint.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || endpoint.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Why a text can be no endpoint, whatever exists; null where it can, or where there is none.</summary>
    internal static string? Problem(string? endpoint) =>
        string.IsNullOrEmpty(endpoint) ? null
        : IsAddress(endpoint) ? (Uri.TryCreate(endpoint, UriKind.Absolute, out _) ? null : $"{endpoint} is no address")
        : System.Text.Encoding.UTF8.GetByteCount(endpoint) > MaximumPathBytes ? $"{endpoint} is too long for a unix socket: at most {MaximumPathBytes} bytes"
        : null;

    /// <summary>What <see cref="Resolve(string?)"/> would take, without asking whether it is there.</summary>
    internal static string Effective(string? endpoint) => Effective(endpoint, Variable, Paths);

    private static string Resolve(string? endpoint, string variable, IReadOnlyList<string> paths)
    {
        string resolved = Effective(endpoint, variable, paths);
        if (Problem(resolved) is { } problem)
            throw new ArgumentException(problem, nameof(endpoint));
        if (IsAddress(resolved))
            return resolved;
        if (!File.Exists(resolved))
            throw new DstackUnavailableException($"Unix socket file {resolved} does not exist");
        return resolved;
    }

    private static string Effective(string? endpoint, string variable, IReadOnlyList<string> paths)
    {
        string? named = string.IsNullOrEmpty(endpoint) ? Environment.GetEnvironmentVariable(variable) : endpoint;
        return !string.IsNullOrEmpty(named) ? named : paths.FirstOrDefault(File.Exists) ?? paths[0];
    }

    private static string[] PathsOf(string socket) =>
        [$"/var/run/{socket}", $"/run/{socket}", $"/var/run/dstack/{socket}", $"/run/dstack/{socket}"];
}

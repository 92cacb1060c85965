namespace Witan.Dstack.Cloud;

/// <summary>How long to wait for an endpoint. The defaults are those of Delibera's page "TEE": 40 polls, 15 seconds apart.</summary>
public sealed record EndpointWatchOptions
{
    /// <summary>How many polls before provisioning is failed. 1 to 10,000.</summary>
    public int Polls { get; init; } = 40;

    /// <summary>Time from one poll to the next, on a fixed schedule from the start of the watch. More than zero.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one poll may take in all, so that a slow answer cannot stretch the schedule. At most <see cref="Interval"/>.</summary>
    public TimeSpan PollTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The port of the app, 1 to 65,535. Null takes the first address that the platform names.</summary>
    public int? Port { get; init; }

    /// <summary>Path that answers with success once the app is up.</summary>
    public string Path { get; init; } = "/";

    /// <summary>How many lines of each log to fetch after a failure, 0 to 1,000. 0 fetches none.</summary>
    public int LogLines { get; init; } = 20;

    /// <summary>Whether to follow the state by server-sent events where the platform offers them.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>What is wrong with these numbers, one sentence; null where nothing is.</summary>
    public string? Problem()
    {
        if (Polls is < 1 or > 10_000)
            return "the number of polls must be 1 to 10,000";
        if (Interval <= TimeSpan.Zero || Interval > TimeSpan.FromHours(1))
            return "the interval must be more than zero and at most an hour";
        if (PollTimeout <= TimeSpan.Zero || PollTimeout > Interval)
            return "a poll's time limit must be more than zero and at most the interval";
        if (Port is < 1 or > 65535)
            return "a port is 1 to 65535";
        return LogLines is < 0 or > 1000 ? "the number of log lines must be 0 to 1,000" : null;
    }
}

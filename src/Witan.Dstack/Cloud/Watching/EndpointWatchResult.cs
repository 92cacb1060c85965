namespace Witan.Dstack.Cloud;

/// <summary>How a watch ended.</summary>
public enum EndpointWatchOutcome
{
    /// <summary>The endpoint answers and its evidence verifies.</summary>
    Ready,

    /// <summary>Not ready after the last poll: provisioning is failed.</summary>
    TimedOut,

    /// <summary>The CVM could not boot.</summary>
    BootFailed,

    /// <summary>The endpoint answers, and its evidence is of what was deployed and not good enough.</summary>
    EvidenceRejected,

    /// <summary>The CVM is gone.</summary>
    Gone,
}

/// <summary>How a watch ended, with all that is needed to go on from there.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="CvmId">The CVM. Unless it is gone it may still run, come up later, and cost money.</param>
/// <param name="Polls">How many polls were made.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record EndpointWatchResult(EndpointWatchOutcome Outcome, string CvmId, int Polls, TimeSpan Elapsed)
{
    /// <summary>The address of the app, where the platform has given one.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The last state seen, with its boot error if there is one.</summary>
    public CvmState? LastState { get; init; }

    /// <summary>What the last poll was waiting for.</summary>
    public string? LastDetail { get; init; }

    /// <summary>The last judgement of evidence; null where the endpoint never answered.</summary>
    public EndpointEvidenceResult? Evidence { get; init; }

    /// <summary>Last lines of the logs; empty where there were none.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];

    /// <summary>Why there is no log; null where it was read or not asked for.</summary>
    public string? LogProblem { get; init; }
}

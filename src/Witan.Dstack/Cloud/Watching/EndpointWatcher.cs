using System.Net;

namespace Witan.Dstack.Cloud;

/// <summary>
/// Waits until a deployment is ready: the machine runs, the endpoint answers, and its evidence verifies for what was deployed.
/// After the last poll provisioning <i>is failed</i>, and the result says what was last seen.
/// </summary>
public sealed class EndpointWatcher(PhalaCloudClient cloud, IEndpointProbe probe, IEndpointEvidence evidence, TimeProvider clock)
{
    /// <summary>
    /// Polls for the endpoint of a CVM, by default 40 times 15 seconds apart. A poll that fails on the way (429, 5xx, no answer
    /// in time) counts as a poll and is not repeated.
    /// </summary>
    /// <param name="cvmId">Name or id.</param>
    /// <param name="expected">What the evidence has to show.</param>
    /// <param name="options">How often and how long.</param>
    /// <param name="progress">Told once a poll, before the wait for the next.</param>
    /// <param name="cancellationToken">Ends the watch; the CVM is left as it is.</param>
    /// <exception cref="CloudApiException">The API key is not accepted, or the request was wrong: waiting would not help.</exception>
    public async Task<EndpointWatchResult> WatchForEndpointAsync(
        string cvmId,
        EndpointExpectation expected,
        EndpointWatchOptions options,
        IProgress<EndpointProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(cvmId);
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(options));

        var schedule = new PollSchedule(options.Interval, clock);
        await using CvmStateFeed? feed = options.Stream
            ? new CvmStateFeed(cloud, cvmId, options.Interval, options.Interval * options.Polls, clock)
            : null;
        var poll = new EndpointPoll(cloud, probe, evidence, cvmId, expected, options);
        int polls = 0;
        while (true)
        {
            if (await WaitAsync(schedule, feed, cancellationToken) is { } failed)
                return await EndAsync(EndpointWatchOutcome.BootFailed, poll.AfterBootError(failed), polls, schedule, cancellationToken);

            polls++;
            (poll, EndpointWatchOutcome? outcome) = await PollAsync(poll, feed, cancellationToken);
            progress?.Report(new EndpointProgress(polls, options.Polls, schedule.Elapsed, poll.State?.Status, poll.Detail));
            if (outcome is null && polls == options.Polls)
                outcome = EndpointWatchOutcome.TimedOut;
            if (outcome is { } end)
                return await EndAsync(end, poll, polls, schedule, cancellationToken);
        }
    }

    // A boot error that arrives by event between two polls ends the wait at once.
    private static async Task<CvmState?> WaitAsync(PollSchedule schedule, CvmStateFeed? feed, CancellationToken cancellationToken)
    {
        if (feed is null)
        {
            await schedule.WaitAsync(cancellationToken);
            return null;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task wait = schedule.WaitAsync(either.Token);
        if (await Task.WhenAny(wait, feed.BootError) == wait)
        {
            await wait;
            return null;
        }

        await either.CancelAsync();
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return await feed.BootError;
    }

    private async Task<(EndpointPoll Poll, EndpointWatchOutcome? Outcome)> PollAsync(
        EndpointPoll poll, CvmStateFeed? feed, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(poll.Options.PollTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await poll.RunAsync(feed is { IsLive: true } ? feed.Latest : null, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (poll with { Detail = $"no answer within {poll.Options.PollTimeout.TotalSeconds:0.#} s" }, null);
        }
        catch (CloudApiException e) when (e.IsTransient || e.Status == HttpStatusCode.Conflict)
        {
            return (poll with { Detail = e.Message }, null);
        }
    }

    private async Task<EndpointWatchResult> EndAsync(
        EndpointWatchOutcome outcome, EndpointPoll poll, int polls, PollSchedule schedule, CancellationToken cancellationToken)
    {
        var result = new EndpointWatchResult(outcome, poll.CvmId, polls, schedule.Elapsed)
        {
            Endpoint = poll.Endpoint,
            LastState = poll.State,
            LastDetail = poll.Detail,
            Evidence = poll.Judgement,
        };
        if (poll.Options.LogLines == 0 || outcome is EndpointWatchOutcome.Ready or EndpointWatchOutcome.Gone)
            return result;
        using var limit = new CancellationTokenSource(poll.Options.PollTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return result with { LogTail = await new CvmLog(cloud).TailAsync(poll.CvmId, poll.Options.LogLines, both.Token) };
        }
        catch (CloudApiException e)
        {
            return result with { LogProblem = e.Message };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return result with { LogProblem = "the log did not answer in time" };
        }
    }
}

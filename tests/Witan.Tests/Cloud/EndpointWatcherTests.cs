using Witan.Dstack.Cloud;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Cloud;

public sealed class EndpointWatcherTests : IAsyncLifetime
{
    private static readonly EndpointExpectation Any = new();
    private readonly HttpClient _http = new();
    private readonly List<EndpointProgress> _progress = [];
    private readonly ScriptedEvidence _evidence = new();
    private PhalaCloudServer _server = null!;

    private ManualTimeProvider Clock => _server.Clock;

    public async ValueTask InitializeAsync() => _server = await PhalaCloudServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
    }

    [Fact]
    public async Task An_endpoint_that_never_comes_is_failed_after_exactly_40_polls_15_seconds_apart()
    {
        SimulatedCvm cvm = _server.Add("council");
        _server.BootTime = TimeSpan.FromDays(1);
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.TimedOut, 40, TimeSpan.FromSeconds(39 * 15)), (result.Outcome, result.Polls, result.Elapsed));
        Assert.Equal(40, _server.Count("GET cvms/council/state"));
        Assert.Equal(Enumerable.Range(0, 40).Select(poll => TimeSpan.FromSeconds(15 * poll)), _progress.Select(each => each.Elapsed));
        Assert.Equal(("starting", "the machine is starting (loading image)"), (result.LastState!.Status, result.LastDetail));
        Assert.Equal(["app | pulling image", "app | plain", "app | raw line"], result.LogTail);
        Assert.True(_server.Cvms.ContainsKey(cvm.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(39)]
    [InlineData(40)]
    public async Task An_endpoint_that_answers_at_a_poll_is_ready_at_that_poll(int poll)
    {
        _server.Add("council");
        _server.BootTime = TimeSpan.FromSeconds(15 * (poll - 1) / 2);
        _server.AppTime = TimeSpan.FromSeconds(15 * (poll - 1));
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.Ready, poll), (result.Outcome, result.Polls));
        Assert.Equal(_server.Cvms["council"].AppId, result.Endpoint!.Segments[^1]);
    }

    [Theory]
    [InlineData(3, 60)]
    [InlineData(7, 1)]
    public async Task Both_numbers_can_be_changed(int polls, int seconds)
    {
        _server.Add("council");
        _server.BootTime = TimeSpan.FromDays(1);
        var interval = TimeSpan.FromSeconds(seconds);
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Polls = polls, Interval = interval, PollTimeout = interval, Stream = false });
        Assert.Equal((polls, interval * (polls - 1)), (result.Polls, result.Elapsed));
    }

    [Fact]
    public async Task Running_and_answering_is_not_ready_before_the_evidence_verifies()
    {
        _server.Add("council");
        _evidence.Answers.Enqueue(new(EndpointEvidenceOutcome.NotYet, "evidence of the compose before"));
        _evidence.Answers.Enqueue(new(EndpointEvidenceOutcome.NotYet, "collateral is missing"));
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.Ready, 3), (result.Outcome, result.Polls));
        Assert.Equal("evidence of the compose before", _progress[0].Detail);
    }

    [Fact]
    public async Task Evidence_that_will_not_become_better_ends_the_watch()
    {
        _server.Add("council");
        _evidence.Answers.Enqueue(new(EndpointEvidenceOutcome.Rejected, "tier 5 where tier<=3 is asked"));
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.EvidenceRejected, 1, "tier 5 where tier<=3 is asked"), (result.Outcome, result.Polls, result.Evidence!.Summary));
    }

    [Fact]
    public async Task A_boot_error_ends_the_watch_at_once_and_shows_the_log()
    {
        _server.Add("council");
        (_server.BootTime, _server.BootError) = (TimeSpan.FromSeconds(20), "no space left");
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.BootFailed, 3, "no space left"), (result.Outcome, result.Polls, result.LastState!.BootError));
        Assert.NotEmpty(result.LogTail);
        Assert.DoesNotContain(result.LogTail, line => line.Contains("leaked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rate_limits_failures_and_hangs_cost_a_poll_each_and_nothing_more()
    {
        _server.Add("council");
        _server.Next("state", 429, "", "3600");
        _server.Next("state", 503, "<html>busy</html>");
        _server.Next("state", 500);
        _server.Next("network", 502);
        _server.Hang("state");
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false, PollTimeout = TimeSpan.FromSeconds(5) }, hangs: 5);
        Assert.Equal((EndpointWatchOutcome.Ready, 6), (result.Outcome, result.Polls));
        Assert.Equal(6, _server.Count("GET cvms/council/state"));
        Assert.Contains("too many requests", _progress[0].Detail);
        Assert.Equal("no answer within 5 s", _progress[4].Detail);
        Assert.Equal(TimeSpan.FromSeconds(75), result.Elapsed);
    }

    [Fact]
    public async Task A_key_that_is_not_accepted_ends_the_watch_with_an_error()
    {
        _server.Add("council");
        var watcher = new EndpointWatcher(_server.Client(_http, "wrong"), new HttpEndpointProbe(_http), _evidence, Clock);
        var error = await Assert.ThrowsAsync<CloudApiException>(() => watcher.WatchForEndpointAsync(
            "council", Any, new EndpointWatchOptions { Stream = false }, null, TestContext.Current.CancellationToken));
        Assert.Contains("the API key is not accepted", error.Message);
        Assert.DoesNotContain("wrong", error.Message);
    }

    [Fact]
    public async Task A_cvm_that_is_gone_ends_the_watch()
    {
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.Gone, 1), (result.Outcome, result.Polls));
    }

    [Fact]
    public async Task A_machine_that_has_no_state_yet_is_waited_for()
    {
        _server.Add("council");
        _server.Next("state", 404, """{"detail":"not found"}""");
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false });
        Assert.Equal((EndpointWatchOutcome.Ready, 2), (result.Outcome, result.Polls));
        Assert.Contains("state yet", _progress[0].Detail);
    }

    [Theory]
    [InlineData("/var/log/app")]
    [InlineData("ftp://logs.example/x")]
    public async Task A_log_address_that_is_none_costs_the_log_and_not_the_result(string address)
    {
        _server.Add("council");
        _server.BootTime = TimeSpan.FromDays(1);
        _server.Next("composition", 200, $$"""{"containers":[{"names":["/app"],"log_endpoint":"{{address}}"}]}""");
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false, Polls = 1 });
        Assert.Equal((EndpointWatchOutcome.TimedOut, "the platform gave no usable log address"), (result.Outcome, result.LogProblem));
    }

    [Fact]
    public async Task A_jump_of_the_clock_brings_no_burst_and_loses_no_poll()
    {
        _server.Add("council");
        _server.BootTime = TimeSpan.FromDays(365);
        _server.Before("state", () => { });
        _server.Before("state", () => Clock.Advance(TimeSpan.FromMinutes(10)));
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Stream = false, Polls = 6, LogLines = 0 }, lateAfter: 2);
        Assert.Equal(6, result.Polls);
        Assert.Equal([0, 615, 615, 630, 645, 660], _progress.Select(each => (int)each.Elapsed.TotalSeconds));
    }

    [Fact]
    public async Task Events_give_the_state_and_a_boot_error_between_two_polls()
    {
        _server.Add("council");
        (_server.OffersEvents, _server.BootTime) = (true, TimeSpan.FromDays(1));
        _server.PushEvent("state", """{"status":"starting","boot_progress":"pulling"}""");
        Task<EndpointWatchResult> watch = Start(new EndpointWatchOptions(), out SemaphoreSlim polled);
        await polled.WaitAsync(TestContext.Current.CancellationToken);
        await Until(() => _server.Events == 1);
        _server.PushEvent("state", """{"status":"stopped","boot_error":"kernel panic"}""");
        EndpointWatchResult result = await watch;
        Assert.Equal((EndpointWatchOutcome.BootFailed, "kernel panic"), (result.Outcome, result.LastState!.BootError));
        Assert.Equal(1, result.Polls);
    }

    [Fact]
    public async Task A_stream_that_breaks_off_leaves_the_polls()
    {
        _server.Add("council");
        (_server.OffersEvents, _server.AppTime) = (true, TimeSpan.FromSeconds(30));
        _server.PushEvent("state", "not json");
        _server.PushEvent("close", "");
        EndpointWatchResult result = await Watch(new EndpointWatchOptions());
        Assert.Equal((EndpointWatchOutcome.Ready, 3), (result.Outcome, result.Polls));
    }

    [Fact]
    public async Task A_stream_that_falls_silent_leaves_the_polls()
    {
        _server.Add("council");
        (_server.OffersEvents, _server.BootTime) = (true, TimeSpan.FromSeconds(15));
        _server.PushEvent("state", """{"status":"starting"}""");
        EndpointWatchResult result = await Watch(new EndpointWatchOptions { Polls = 10 });
        Assert.Equal(EndpointWatchOutcome.Ready, result.Outcome);
    }

    [Fact]
    public async Task Cancelling_ends_the_watch_and_leaves_the_machine()
    {
        _server.Add("council");
        _server.BootTime = TimeSpan.FromDays(1);
        using var stop = new CancellationTokenSource();
        var watcher = new EndpointWatcher(_server.Client(_http), new HttpEndpointProbe(_http), _evidence, Clock);
        Task watch = watcher.WatchForEndpointAsync(
            "council", Any, new EndpointWatchOptions { Stream = false }, new Reporter(_ => stop.Cancel()), stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        Assert.True(_server.Cvms.ContainsKey("council"));
    }

    [Theory]
    [InlineData("tier<=3", 3)]
    [InlineData(" tier < 3 ", 2)]
    [InlineData("tier<=1", 1)]
    [InlineData("tier<1", null)]
    [InlineData("tier<=6", null)]
    [InlineData("tier>=3", null)]
    [InlineData("3", null)]
    [InlineData("", null)]
    public void A_requirement_reads_as_written(string text, int? weakest) =>
        Assert.Equal(weakest, TierRequirement.TryParse(text, out TierRequirement requirement) ? requirement.Weakest : null);

    private Task<EndpointWatchResult> Start(EndpointWatchOptions options, out SemaphoreSlim polled)
    {
        var signal = polled = new SemaphoreSlim(0);
        var watcher = new EndpointWatcher(_server.Client(_http), new HttpEndpointProbe(_http), _evidence, Clock);
        return watcher.WatchForEndpointAsync("council", Any, options, new Reporter(each =>
        {
            _progress.Add(each);
            signal.Release();
        }), TestContext.Current.CancellationToken);
    }

    // Moves the clock by one interval after each poll, once the watcher waits; and inside the poll that hangs. After the poll
    // that ended late the watcher does not wait.
    private async Task<EndpointWatchResult> Watch(EndpointWatchOptions options, int hangs = 0, int lateAfter = 0)
    {
        Task<EndpointWatchResult> watch = Start(options, out SemaphoreSlim polled);
        for (int poll = 1; !watch.IsCompleted; poll++)
        {
            if (poll == hangs)
            {
                await Until(() => _server.Count("GET cvms/council/state") == poll);
                Clock.Advance(options.PollTimeout);
            }

            await Task.WhenAny(watch, polled.WaitAsync(TestContext.Current.CancellationToken));
            bool ended = poll == options.Polls || _progress.LastOrDefault()?.Detail.StartsWith("it could not boot", StringComparison.Ordinal) == true;
            if (ended)
                return await watch;
            if (poll == lateAfter)
                continue;
            await Until(() => watch.IsCompleted || Clock.Waiting > 0);
            if (!watch.IsCompleted)
                Clock.Advance(options.Interval - TimeSpan.FromTicks(_progress[^1].Elapsed.Ticks % options.Interval.Ticks));
        }

        return await watch;
    }

    private static async Task Until(Func<bool> done)
    {
        for (int i = 0; !done(); i++)
        {
            Assert.True(i < 5000, "waited for nothing");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Reporter(Action<EndpointProgress> report) : IProgress<EndpointProgress>
    {
        public void Report(EndpointProgress value) => report(value);
    }
}

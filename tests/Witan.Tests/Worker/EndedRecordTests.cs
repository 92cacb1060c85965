using System.Net;
using System.Text.Json;
using Witan.Agent;
using Witan.Tests.Harness;
using Witan.Tests.Voting;
using Witan.Voting;
using Witan.Worker;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>A worker holds its receipt against the record that ended, once.</summary>
public sealed class EndedRecordTests
{
    private readonly Council _council = new(3);

    public EndedRecordTests() => _council.Decide(0, 0, 1);

    [Fact]
    public async Task A_ballot_that_stands_where_it_was_said_is_no_news() => Assert.Empty(await LogAsync(_council.Events));

    [Fact]
    public async Task A_record_without_the_ballot_is_logged()
    {
        List<RecordEvent> without = [.. _council.Events];
        without.RemoveAt(without.FindIndex(next => next.Payload is BallotCast));
        string line = Assert.Single(await LogAsync(without));
        Assert.Contains("for which this worker has the coordinator's receipt", line, StringComparison.Ordinal);
        Assert.Single(await LogAsync([]));
    }

    private async Task<IReadOnlyList<string>> LogAsync(IReadOnlyList<RecordEvent> published)
    {
        var clock = new ManualTimeProvider(Council.Start);
        var log = new List<string>();
        using var http = new HttpClient(new Published(_council.State, published)) { BaseAddress = new Uri("http://127.0.0.1:1") };
        var ended = new EndedRecord(new CoordinatorClient(http, null, clock), line =>
        {
            log.Add(line);
            return Task.CompletedTask;
        }, clock);
        Ballot ballot = _council.Events.Select(next => next.Payload).OfType<BallotCast>().First().Ballot;
        Task held = ended.HoldAsync(_council.Receipt(ballot), TestContext.Current.CancellationToken);
        for (int i = 0; i < 1000 && !held.IsCompleted; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(held.IsCompletedSuccessfully);
        return log;
    }

    // First it is still counted, then it is settled.
    private sealed class Published(RecordState state, IReadOnlyList<RecordEvent> events) : HttpMessageHandler
    {
        private int _asked;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string path = request.RequestUri!.PathAndQuery;
            byte[] answer;
            if (path.Contains("/events?from=", StringComparison.Ordinal))
            {
                int from = int.Parse(path.Split("from=")[1].Split('&')[0], System.Globalization.CultureInfo.InvariantCulture);
                answer = JsonSerializer.SerializeToUtf8Bytes([.. events.Skip(from).Take(1)], WireJson.Default.IReadOnlyListRecordEvent);
            }
            else
            {
                ProposalState now = _asked++ == 0 ? ProposalState.Tallying : state.State;
                answer = JsonSerializer.SerializeToUtf8Bytes(
                    new ProposalSummary(state.ProposalId, state.Body.Title, now, state.Size, 3, 3, 2, null, state.Body.CloseAt, "", ""), WireJson.Default.ProposalSummary);
            }

            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(answer) { Headers = { ContentType = new("application/json") } } });
        }
    }
}

using System.Net;
using Witan.Agent;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Agent;

/// <summary>Which of several coordinators is asked.</summary>
public sealed class CoordinatorFailoverTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_does_not_answer_or_cannot_serve_is_left_and_one_that_refuses_is_not()
    {
        using var network = new Network();
        using var http = new HttpClient(new CoordinatorFailover([new("http://a"), new("http://b"), new("http://c")], network, TimeProvider.System)) { BaseAddress = new Uri("http://a") };
        network.Says["a"] = null;
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri("x", UriKind.Relative), Cancel));
        network.Says["b"] = HttpStatusCode.ServiceUnavailable;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await GetAsync(http));
        network.Says["c"] = HttpStatusCode.Forbidden;
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(http));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(http));
        Assert.Equal(["a", "b", "c", "c"], network.Asked);
    }

    [Fact]
    public async Task Several_requests_that_fail_together_move_on_by_one()
    {
        using var network = new Network { Together = 5 };
        using var http = new HttpClient(new CoordinatorFailover([new("http://a"), new("http://b"), new("http://c")], network, TimeProvider.System)) { BaseAddress = new Uri("http://a") };
        network.Says["a"] = HttpStatusCode.ServiceUnavailable;
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GetAsync(http)));
        network.Together = 0;
        Assert.Equal(HttpStatusCode.OK, await GetAsync(http));
        Assert.Equal("b", network.Asked[^1]);
    }

    [Fact]
    public async Task What_concerns_a_record_goes_to_its_home_whatever_order_the_addresses_have()
    {
        string[] names = ["a", "b", "c"];
        var homes = new List<string>();
        for (int i = 0; i < 30; i++)
        {
            using var network = new Network();
            string path = $"v1/proposals/{i:x64}/ballots";
            using HttpClient one = Client(network, TimeProvider.System, names), other = Client(network, TimeProvider.System, ["c", "a", "b"]);
            Assert.Equal(HttpStatusCode.OK, await PostAsync(one, path));
            Assert.Equal(HttpStatusCode.OK, await PostAsync(other, path));
            Assert.Equal(network.Asked[0], network.Asked[1]);
            homes.Add(network.Asked[0]);
            foreach (string part in new[] { "", "/events?from=3", "/checkpoint", "/shares" })
            {
                await GetAsync(one, $"v1/proposals/{i:x64}{part}");
                Assert.Equal(homes[^1], network.Asked[^1]);
            }

            // Whatever is of no record stays where it was.
            foreach (string elsewhere in new[] { "v1/proposals", "v1/tasks/next" })
            {
                await GetAsync(one, elsewhere);
                Assert.Equal("a", network.Asked[^1]);
            }
        }

        Assert.All(names, name => Assert.Contains(name, homes));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.Unauthorized)]
    public async Task A_home_that_is_away_or_has_not_heard_is_left_for_a_while(HttpStatusCode? says)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        using var network = new Network();
        using HttpClient http = Client(network, clock, "a", "b", "c");
        string path = $"v1/proposals/{7:x64}/ballots";
        await PostAsync(http, path);
        string home = network.Asked[0];
        network.Says[home] = says;
        HttpStatusCode? answer = null;
        try
        {
            answer = await PostAsync(http, path);
        }
        catch (HttpRequestException)
        {
            // It was refused.
        }

        Assert.Equal(says, answer);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(http, path));
        Assert.NotEqual(home, network.Asked[^1]);
        network.Says.Clear();
        await PostAsync(http, path);
        Assert.NotEqual(home, network.Asked[^1]);
        clock.Advance(TimeSpan.FromSeconds(11));
        await PostAsync(http, path);
        Assert.Equal(home, network.Asked[^1]);
        // Where all are away the home is asked.
        foreach (string name in new[] { "a", "b", "c" })
            network.Says[name] = HttpStatusCode.ServiceUnavailable;
        for (int i = 0; i < 4; i++)
            await PostAsync(http, path);
        Assert.Equal(home, network.Asked[^1]);
    }

    private static HttpClient Client(Network network, TimeProvider clock, params string[] names) =>
        new(new CoordinatorFailover([.. names.Select(name => new Uri($"http://{name}"))], network, clock)) { BaseAddress = new Uri("http://a") };

    private static async Task<HttpStatusCode> PostAsync(HttpClient http, string path)
    {
        using HttpResponseMessage response = await http.PostAsync(new Uri(path, UriKind.Relative), null, Cancel);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient http, string path = "x")
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        return response.StatusCode;
    }

    /// <summary>Hosts that answer with a status; null refuses the connection.</summary>
    private sealed class Network : HttpMessageHandler
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Dictionary<string, HttpStatusCode?> Says { get; } = [];

        public List<string> Asked { get; } = [];

        /// <summary>So many are answered when all have come.</summary>
        public int Together { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string host = request.RequestUri!.Host;
            lock (Asked)
            {
                Asked.Add(host);
                if (Asked.Count >= Together)
                    _all.TrySetResult();
            }

            await _all.Task;
            return new HttpResponseMessage(Says.GetValueOrDefault(host, HttpStatusCode.OK) ?? throw new HttpRequestException("refused"));
        }
    }
}

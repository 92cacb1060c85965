using System.Net;
using Witan.Agent;
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
        using var http = new HttpClient(new CoordinatorFailover([new("http://a"), new("http://b"), new("http://c")], network)) { BaseAddress = new Uri("http://a") };
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
        using var http = new HttpClient(new CoordinatorFailover([new("http://a"), new("http://b"), new("http://c")], network)) { BaseAddress = new Uri("http://a") };
        network.Says["a"] = HttpStatusCode.ServiceUnavailable;
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GetAsync(http)));
        network.Together = 0;
        Assert.Equal(HttpStatusCode.OK, await GetAsync(http));
        Assert.Equal("b", network.Asked[^1]);
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient http)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri("x", UriKind.Relative), Cancel);
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

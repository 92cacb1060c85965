using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Voting;
using Witan.Worker;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>What must arrive is posted until it does, and no faster than the coordinator asks.</summary>
public sealed class PatientPostTests
{
    [Theory]
    [InlineData("FULL")]
    [InlineData("BUSY")]
    [InlineData("GUEST_AGENT")]
    [InlineData("TOO_MANY_REQUESTS")]
    public async Task What_passes_is_posted_again_after_the_time_that_was_asked_for(string code)
    {
        int asked = 0;
        await using WebApplication app = await ServerAsync(context => Interlocked.Increment(ref asked) == 1 ? RefuseAsync(context, code, "1") : TakeAsync(context));
        long start = Stopwatch.GetTimestamp();
        await PostAsync(app, seconds: 30);
        Assert.Equal(2, asked);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 29);
    }

    [Fact]
    public async Task Nobody_is_left_alone_until_it_is_too_late()
    {
        int asked = 0;
        await using WebApplication app = await ServerAsync(context => Interlocked.Increment(ref asked) == 1 ? RefuseAsync(context, "BUSY", "3600") : TakeAsync(context));
        await PostAsync(app, seconds: 15);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task What_does_not_pass_is_thrown()
    {
        await using WebApplication app = await ServerAsync(context => RefuseAsync(context, "MALFORMED", null));
        CoordinatorException e = await Assert.ThrowsAsync<CoordinatorException>(() => PostAsync(app, seconds: 30));
        Assert.Equal("MALFORMED", e.Code);
    }

    private static async Task PostAsync(WebApplication app, double seconds)
    {
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var client = new CoordinatorClient(http, null, TimeProvider.System);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await new PatientPost(TimeProvider.System).SendAsync(
            () => client.PostAsync("v1/x", new Problem("about:blank", "x", 400, "X", "x"), WireJson.Default.Problem, WireJson.Default.Problem, cancel),
            TimeProvider.System.GetUtcNow().AddSeconds(seconds),
            cancel);
    }

    private static Task RefuseAsync(HttpContext context, string code, string? retryAfter)
    {
        context.Response.StatusCode = 503;
        context.Response.Headers.RetryAfter = retryAfter;
        context.Response.ContentType = "application/problem+json";
        return context.Response.WriteAsync($$"""{"type":"about:blank","title":"no","status":503,"code":"{{code}}","hint":"wait"}""");
    }

    private static Task TakeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync("""{"type":"about:blank","title":"yes","status":200,"code":"OK","hint":"none"}""");
    }

    private static async Task<WebApplication> ServerAsync(Func<HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.MapPost("/v1/x", (HttpContext context) => answer(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}

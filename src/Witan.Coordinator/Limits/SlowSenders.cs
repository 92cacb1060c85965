using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Witan.Coordinator.Limits;

/// <summary>
/// Time that slow senders have. Each gets a time of its own between the least and the most, drawn at random: thousands that came together and trickle
/// are closed one after the other, and come again one after the other. Closed by one clock they would all be the work of one moment, and
/// whoever sends properly would wait behind it.
/// </summary>
internal sealed class SlowSenders(TimeSpan least, TimeSpan most)
{
    /// <summary>The pace of a body that counts after that time.</summary>
    public const double BytesPerSecond = 1024;

    /// <summary>What a coordinator gives. Less would make them come again more often, which costs more than to hold them.</summary>
    public static SlowSenders Default { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));

    /// <summary>Longest time for the head of a request.</summary>
    public TimeSpan Most => most;

    /// <summary>
    /// Closes a connection that has brought no whole head in its time, which includes TLS where this is called before. One that has brought a
    /// request may be idle and begin others: the server's own limits hold for those.
    /// </summary>
    public void Limit(ListenOptions listen) => listen.Use(next => async connection =>
    {
        using var late = new Timer(
            static slow => ((ConnectionContext)slow!).Abort(new ConnectionAbortedException("no request came in its time")), connection, Draw(), Timeout.InfiniteTimeSpan);
        connection.Features.Set(new FirstHead(late));
        await next(connection);
    });

    /// <summary>Notes that a head has come, and gives its body a time of its own.</summary>
    public void Apply(IApplicationBuilder app) => app.Use((HttpContext context, RequestDelegate next) =>
    {
        context.Features.Get<FirstHead>()?.Came();
        // Streams of HTTP/2 have the pace of their connection.
        if (!HttpProtocol.IsHttp2(context.Request.Protocol) && context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } body)
            body.MinDataRate = new MinDataRate(BytesPerSecond, Draw());
        return next(context);
    });

    /// <summary>A time between the least and the most.</summary>
    public TimeSpan Draw() => TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32((int)least.TotalMilliseconds, (int)most.TotalMilliseconds));

    private sealed class FirstHead(Timer late)
    {
        public void Came() => late.Dispose();
    }
}

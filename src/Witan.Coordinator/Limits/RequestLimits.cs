using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Witan.Coordinator.Api;
using Witan.Coordinator.Telemetry;
using Witan.Voting;

namespace Witan.Coordinator.Limits;

/// <summary>
/// How much one side may ask for. Unsigned requests share a bucket for each address; those of an admitted agent have one of their own, so that a
/// flood of strangers from behind the same gateway does not stop it. Admissions, whose evidence is costly to judge, run few at a time, and
/// a queue of bounded length waits. Whoever meets a limit is told when to come again.
/// </summary>
internal static class RequestLimits
{
    // Each waits twice for the disk, so that a few a core keep the core busy; what is beyond the queue would only wait for its own timeout.
    private const int PlacesPerCore = 16;
    private const int MostWaiting = 512;
    private const int QuotesAtOnce = 8;

    /// <summary>
    /// Who may have evidence judged. It is asked when a request has come whole: a sender that trickles must not hold a place.
    /// </summary>
    public static ConcurrencyLimiter Judging() => AtOnce(PlacesPerCore * Environment.ProcessorCount);

    /// <summary>Who may have this coordinator's own evidence made: anybody asks for it, and the guest agent makes one quote at a time.</summary>
    public static ConcurrencyLimiter Attesting() => AtOnce(QuotesAtOnce);

    public static void Apply(RateLimiterOptions limiter, CoordinatorOptions options, CoordinatorCore core)
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => ByCaller(context, options.RequestsPerSecond, core));
        limiter.OnRejected = async (rejected, _) => await RejectAsync(rejected, core.Telemetry);
    }

    private static ConcurrencyLimiter AtOnce(int places) => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = places,
        QueueLimit = MostWaiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private static RateLimitPartition<string> ByCaller(HttpContext context, int perSecond, CoordinatorCore core)
    {
        if (perSecond == 0 || context.Request.Path.Value is "/healthz" or "/readyz")
            return RateLimitPartition.GetNoLimiter("unlimited");
        string address = Network(context.Connection.RemoteIpAddress);
        bool isAgent = Digest.TryParse(context.Request.Headers[SignedRequest.AgentHeader], out Digest agent) && core.Desk.FindVoter(agent) is not null;
        return RateLimitPartition.GetTokenBucketLimiter(isAgent ? $"{address} {agent}" : address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond * 2,
            TokensPerPeriod = Math.Max(1, perSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(perSecond < 10 ? 1000 / perSecond : 100),
            QueueLimit = 0,
        });
    }

    private static async Task RejectAsync(OnRejectedContext rejected, CoordinatorTelemetry telemetry)
    {
        rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait);
        telemetry.Limited("rate");
        rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await Exchange.ProblemAsync(rejected.HttpContext, Problems.TooMany);
    }

    // One host of IPv6 has a whole network of addresses.
    private static string Network(IPAddress? address)
    {
        if (address is null)
            return "none";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address)
            ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }
}

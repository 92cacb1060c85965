using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Attestation;
using Witan.Dstack.Cloud;
using Witan.Dstack.RaTls;
using Xunit;

namespace Witan.Tests.Dstack.RaTls;

/// <summary>From the guest agent's quote to an answered request: Kestrel on one side, HttpClient on the other, real handshakes.</summary>
public sealed class RaTlsConnectionTests : IAsyncLifetime
{
    private Guest _guest = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _guest = await Guest.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task Both_sides_know_whom_they_talk_to()
    {
        using X509Certificate2 serverCertificate = await _guest.IssueAsync();
        using X509Certificate2 clientCertificate = await _guest.IssueAsync("two");
        await using WebApplication server = await ServeAsync(serverCertificate, _guest.Verifier());
        using HttpClient client = Client(_guest.Verifier(), clientCertificate);
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = await client.GetAsync(Address(server), Cancel);
            RaTlsPeer peer = RaTlsClientExtensions.PeerOf(response)!;
            Assert.True(peer.IsAccepted);
            Assert.Equal(_guest.ComposeHash, Convert.ToHexStringLower(peer.Facts!.Identity.ComposeHash!.Value.Span));
            Assert.Equal(serverCertificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), peer.CertificateFingerprint, ignoreCase: true);
            Assert.Equal(clientCertificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), await response.Content.ReadAsStringAsync(Cancel), ignoreCase: true);
        }
    }

    [Fact]
    public async Task One_client_tells_two_servers_apart_also_at_once()
    {
        using X509Certificate2 first = await _guest.IssueAsync();
        using X509Certificate2 second = await _guest.IssueAsync("two");
        await using WebApplication one = await ServeAsync(first);
        await using WebApplication two = await ServeAsync(second);
        using HttpClient client = Client(_guest.Verifier());
        async Task<(Uri Asked, string Peer)> Ask(WebApplication server)
        {
            using HttpResponseMessage response = await client.GetAsync(Address(server), Cancel);
            return (Address(server), RaTlsClientExtensions.PeerOf(response)!.Evidence!.AppInfo is { } info ? Convert.ToHexStringLower(info.InstanceId.Span) : "");
        }

        (Uri Asked, string Peer)[] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Ask(i % 2 == 0 ? one : two)));
        Assert.Equal(2, answers.Select(answer => answer.Peer).Distinct().Count());
        Assert.All(answers.GroupBy(answer => answer.Asked), group => Assert.Single(group.Select(answer => answer.Peer).Distinct()));
    }

    [Fact]
    public async Task A_server_without_acceptable_evidence_is_never_sent_anything_and_the_reason_is_told()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        using X509Certificate2 plain = Guest.Forge([]);
        using X509Certificate2 stolen = Guest.Forge(genuine.Extensions);
        using X509Certificate2 other = await _guest.IssueAsync("three");
        foreach ((X509Certificate2 certificate, string code) in new[] { (plain, "RATLS_NO_EVIDENCE"), (stolen, "REPORT_DATA_MISMATCH"), (other, "POLICY_COMPOSE_HASH") })
        {
            int served = 0;
            await using WebApplication server = await ServeAsync(certificate, seen: () => Interlocked.Increment(ref served));
            using HttpClient client = Client(_guest.Verifier());
            HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Address(server), Cancel));
            RaTlsException reason = Assert.IsType<RaTlsException>(e.InnerException);
            Assert.Contains(reason.Peer.Verdict.Findings, finding => finding.Code == code && finding.Severity == FindingSeverity.Error);
            Assert.Equal(0, served);
        }
    }

    [Fact]
    public async Task A_verifier_without_collateral_lets_nobody_in()
    {
        using X509Certificate2 certificate = await _guest.IssueAsync();
        await using WebApplication server = await ServeAsync(certificate);
        using HttpClient client = Client(_guest.Verifier(trust => trust with { Collateral = _ => null }));
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Address(server), Cancel));
        Assert.Equal(AppraisalOutcome.Undecided, Assert.IsType<RaTlsException>(e.InnerException).Peer.Verdict.Outcome);
    }

    [Fact]
    public async Task A_client_without_acceptable_evidence_is_turned_away()
    {
        using X509Certificate2 serverCertificate = await _guest.IssueAsync();
        using X509Certificate2 stolen = Guest.Forge(serverCertificate.Extensions);
        using X509Certificate2 other = await _guest.IssueAsync("three");
        var refused = new ConcurrentQueue<RaTlsPeer>();
        int served = 0;
        await using WebApplication server = await ServeAsync(serverCertificate, _guest.Verifier(), refused, () => Interlocked.Increment(ref served));
        foreach (X509Certificate2? certificate in new[] { null, stolen, other })
        {
            using HttpClient client = Client(_guest.Verifier(), certificate);
            // With TLS 1.3 a client learns of it when it reads, not in its handshake.
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync(Address(server), Cancel));
        }

        Assert.Equal(0, served);
        // A request that may be repeated is, so each refusal can be there several times.
        Assert.Equal(2, refused.Select(peer => peer.CertificateFingerprint).Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(refused, peer => peer.IsAccepted);
    }

    [Fact]
    public async Task A_watched_endpoint_may_show_its_own_certificate_and_then_its_evidence_counts()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        using X509Certificate2 stolen = Guest.Forge(genuine.Extensions);
        using X509Certificate2 plain = Guest.Forge([]);
        foreach ((X509Certificate2 certificate, string? problem) in new[] { (genuine, null), (stolen, "the peer's evidence is rejected"), (plain, "certificate") })
        {
            await using WebApplication server = await ServeAsync(certificate);
            var handler = new SocketsHttpHandler { UseProxy = false };
            handler.SslOptions.AcceptPeerEvidence(_guest.Verifier());
            using var http = new HttpClient(handler);
            string? answer = await new HttpEndpointProbe(http).ProbeAsync(Address(server), Cancel);
            if (problem is null)
                Assert.Null(answer);
            else
                Assert.Contains(problem, answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Plain_http_and_blocking_calls_are_refused()
    {
        using HttpClient client = Client(_guest.Verifier());
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://127.0.0.1:1/"), Cancel));
        Assert.Throws<NotSupportedException>(() => client.Send(new HttpRequestMessage(HttpMethod.Get, "https://127.0.0.1:1/"), Cancel));
    }

    private static Uri Address(WebApplication server) => new(server.Urls.First().Replace("http://", "https://", StringComparison.Ordinal));

    private static HttpClient Client(RaTlsVerifier verifier, X509Certificate2? certificate = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (certificate is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
            handler.SslOptions.ClientCertificates = [certificate];
        }

        return new HttpClient(handler.VerifyPeerEvidence(verifier));
    }

    private static async Task<WebApplication> ServeAsync(
        X509Certificate2 certificate, RaTlsVerifier? clients = null, ConcurrentQueue<RaTlsPeer>? refused = null, Action? seen = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseRaTls(new RaTlsServerOptions
        {
            Certificate = () => certificate,
            Clients = clients,
            Refused = peer => refused?.Enqueue(peer),
        })));
        WebApplication server = builder.Build();
        server.Run(context =>
        {
            seen?.Invoke();
            return context.Response.WriteAsync(context.Features.Get<IRaTlsPeerFeature>()?.Peer.CertificateFingerprint ?? "nobody");
        });
        await server.StartAsync();
        return server;
    }
}

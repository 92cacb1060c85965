using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Witan.Attestation;
using Witan.Dstack.CollateralService;
using Witan.Dstack.Simulator.Pki;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Fetching;

/// <summary>The client against real servers: good ones of both shapes, and what goes wrong one source at a time.</summary>
public sealed class CollateralClientTests : IAsyncLifetime
{
    private static readonly PlatformFamily Family = new(TeeType.Tdx, DevelopmentPki.Fmspc, PckCa.Platform);
    private readonly DevelopmentPki _pki = new([.. Enumerable.Repeat((byte)9, 32)]);
    private readonly SetClock _clock = new(new DateTimeOffset(2026, 6, 10, 12, 0, 0, TimeSpan.Zero));
    private TrustRoot _root = null!;
    private CollateralServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(_pki.RootPem), true, out TrustRoot? root, out _));
        _root = root;
        _server = await CollateralServer.StartAsync(_pki, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _pki.Dispose();
    }

    [Fact]
    public async Task The_four_documents_become_a_bundle_that_verifies_without_a_network()
    {
        using CollateralClient client = Client();
        FetchedCollateral fetched = Good(await client.GetAsync(Family, cancellationToken: Cancel));
        Assert.False(fetched.IsFromCache);
        Assert.Equal(_server.Source.ToString(), fetched.Source);
        Assert.True(Collateral.TryParse(fetched.Bundle, out Collateral? bundle, out _));
        Assert.Equal(fetched.Trusted.Fingerprint, CollateralVerifier.Verify(bundle, _root, _clock.Now).Trusted!.Fingerprint);
        Assert.Equal(
            [
                "/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "/sgx/certification/v4/rootcacrl",
                "/tdx/certification/v4/qe/identity?update=standard", "/tdx/certification/v4/tcb?fmspc=D0D0D0D0D0D0&update=standard",
            ],
            _server.Requests.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_form_of_a_revocation_list_and_the_older_header_name_are_taken()
    {
        Func<byte[], byte[]>[] forms =
        [
            der => der,
            der => Encoding.ASCII.GetBytes(Convert.ToHexString(der)),
            der => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(der) + "\n"),
            der => Encoding.ASCII.GetBytes(System.Security.Cryptography.PemEncoding.WriteString("X509 CRL", der)),
            der => Encoding.ASCII.GetBytes(Convert.ToBase64String(der)),
        ];
        _server.TcbInfoHeader = "sgx-tcb-info-issuer-chain";
        foreach (Func<byte[], byte[]> form in forms)
        {
            _server.CrlForm = form;
            using CollateralClient client = Client();
            Good(await client.GetAsync(Family, cancellationToken: Cancel));
        }
    }

    [Theory]
    [InlineData("early", "update=early")]
    [InlineData("1", "tcbEvaluationDataNumber=1")]
    public async Task Other_sets_are_asked_for_by_one_parameter(string set, string query)
    {
        using CollateralClient client = Client(options => options.Set = set == "early" ? TcbSet.Early : TcbSet.Numbered(1));
        Good(await client.GetAsync(Family, cancellationToken: Cancel));
        Assert.Equal(2, _server.Requests.Count(request => request.Contains(query, StringComparison.Ordinal)));
        Assert.DoesNotContain(_server.Requests, request => request.Contains("standard", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_number_than_the_one_asked_for_is_refused()
    {
        using CollateralClient client = Client(options => options.Set = TcbSet.Numbered(2));
        Assert.Contains("where 2 was asked for", Bad(await client.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_WRONG_PLATFORM").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_of_another_number_than_the_one_asked_for_is_refused()
    {
        _server.Edit = text => text.Contains("TD_QE", StringComparison.Ordinal) ? text.Replace("\"tcbEvaluationDataNumber\":1", "\"tcbEvaluationDataNumber\":3", StringComparison.Ordinal) : text;
        using CollateralClient client = Client(options => options.Set = TcbSet.Numbered(1));
        Finding refused = Bad(await client.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_WRONG_PLATFORM");
        Assert.Contains("the QE identity has evaluation number 3, where 1 was asked for", refused.Message, StringComparison.Ordinal);
        // A named set may have two numbers; that is a note of the verdict.
        using CollateralClient named = Client();
        Good(await named.GetAsync(Family, cancellationToken: Cancel));
    }

    [Theory]
    [InlineData(404, "COLLATERAL_SOURCE_NOT_FOUND")]
    [InlineData(410, "COLLATERAL_SOURCE_GONE")]
    [InlineData(400, "COLLATERAL_SOURCE_STATUS")]
    [InlineData(401, "COLLATERAL_SOURCE_STATUS")]
    [InlineData(429, "COLLATERAL_SOURCE_THROTTLED")]
    [InlineData(500, "COLLATERAL_SOURCE_STATUS")]
    [InlineData(301, "COLLATERAL_SOURCE_REDIRECTED")]
    [InlineData(307, "COLLATERAL_SOURCE_REDIRECTED")]
    [InlineData(204, "COLLATERAL_SOURCE_STATUS")]
    public async Task A_status_is_named_with_its_source_and_the_next_source_is_asked(int status, string code)
    {
        await using CollateralServer other = await CollateralServer.StartAsync(_pki, _clock);
        _server.Instead = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["Error-Message"] = "no";
            context.Response.Headers.Location = other.Source.Address.AbsoluteUri;
            return Task.FromResult(true);
        };
        using CollateralClient alone = Client();
        Finding finding = Bad(await alone.GetAsync(Family, cancellationToken: Cancel), code);
        Assert.Contains($"HTTP {status}", finding.Message, StringComparison.Ordinal);
        Assert.StartsWith(_server.Source.ToString(), finding.Message, StringComparison.Ordinal);
        Assert.Empty(other.Requests);

        using CollateralClient both = Client(options => options.Sources = [_server.Source, other.Source]);
        CollateralResult result = await both.GetAsync(Family, cancellationToken: Cancel);
        Assert.Equal(other.Source.ToString(), result.Collateral!.Source);
        Assert.Equal((code, FindingSeverity.Warning), (result.Findings.Single().Code, result.Findings.Single().Severity));
    }

    [Fact]
    public async Task A_dead_a_slow_and_a_silent_source_cost_their_timeout_and_no_more()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var silent = new CollateralSource(new Uri($"http://{listener.LocalEndpoint}"));
        int free;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            free = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        await using CollateralServer slow = await CollateralServer.StartAsync(_pki, _clock);
        slow.Instead = async context =>
        {
            // One byte at a time would outlive any limit on silence alone.
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(" ", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(20, context.RequestAborted);
            }

            return true;
        };
        CollateralSource dead = new(new Uri($"http://127.0.0.1:{free}"));
        using CollateralClient client = Client(options =>
        {
            options.Timeout = TimeSpan.FromSeconds(3);
            options.Sources = [dead, silent, slow.Source];
        });
        CollateralResult result = await client.GetAsync(Family, cancellationToken: Cancel);
        Assert.Null(result.Collateral);
        Assert.Equal(["COLLATERAL_SOURCE_UNREACHABLE", "COLLATERAL_SOURCE_TIMEOUT", "COLLATERAL_SOURCE_TIMEOUT"], result.Findings.Select(finding => finding.Code));
        using CollateralClient next = Client(options => options.Sources = [dead, _server.Source]);
        Assert.Equal(_server.Source.ToString(), (await next.GetAsync(Family, cancellationToken: Cancel)).Collateral?.Source);
    }

    [Theory]
    [InlineData("announced", "COLLATERAL_SOURCE_TOO_LARGE")]
    [InlineData("endless", "COLLATERAL_SOURCE_TOO_LARGE")]
    [InlineData("html", "COLLATERAL_SOURCE_ANSWER")]
    [InlineData("text", "COLLATERAL_SOURCE_ANSWER")]
    [InlineData("deep", "COLLATERAL_SOURCE_ANSWER")]
    [InlineData("empty", "COLLATERAL_SOURCE_ANSWER")]
    [InlineData("no chain", "COLLATERAL_SOURCE_ANSWER")]
    [InlineData("cut", "COLLATERAL_SOURCE_UNREACHABLE")]
    public async Task A_hostile_answer_is_bounded_and_named(string kind, string code)
    {
        _server.Instead = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/tcb", StringComparison.Ordinal))
                return false;
            if (kind != "no chain")
                context.Response.Headers["TCB-Info-Issuer-Chain"] = "x";
            switch (kind)
            {
                case "announced":
                    context.Response.ContentLength = 1L << 40;
                    await context.Response.WriteAsync("{");
                    await context.Response.Body.FlushAsync();
                    break;
                case "endless":
                    byte[] blanks = Encoding.ASCII.GetBytes(new string(' ', 64 << 10));
                    while (!context.RequestAborted.IsCancellationRequested)
                        await context.Response.Body.WriteAsync(blanks);
                    break;
                case "html":
                    context.Response.ContentType = "text/html; charset=utf-8";
                    await context.Response.WriteAsync("<html>log in</html>");
                    break;
                case "text":
                    await context.Response.WriteAsync("{\"tcbInfo\":");
                    break;
                case "deep":
                    await context.Response.WriteAsync(new string('[', 100_000));
                    break;
                case "cut":
                    context.Response.ContentLength = 1000;
                    await context.Response.WriteAsync("{");
                    context.Abort();
                    break;
            }

            return true;
        };
        using CollateralClient client = Client();
        Finding finding = Bad(await client.GetAsync(Family, cancellationToken: Cancel), code);
        Assert.Contains("TCB info", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_byte_and_another_authority_are_not_authentic()
    {
        _server.Instead = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/qe/identity", StringComparison.Ordinal))
                return false;
            JsonNode bundle = JsonNode.Parse(_pki.Collateral(_clock.Now))!;
            context.Response.Headers["SGX-Enclave-Identity-Issuer-Chain"] = Uri.EscapeDataString(bundle["qe_identity_issuer_chain"]!.GetValue<string>());
            string text = bundle["qe_identity"]!.GetValue<string>().Replace("\"isvprodid\":2", "\"isvprodid\":3", StringComparison.Ordinal);
            await context.Response.WriteAsync($$"""{"enclaveIdentity":{{text}},"signature":"{{bundle["qe_identity_signature"]!.GetValue<string>()}}"}""");
            return true;
        };
        using CollateralClient client = Client();
        Assert.Equal("QE_IDENTITY_SIGNATURE_INVALID", Bad(await client.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_NOT_AUTHENTIC").Evidence);
        _server.Instead = _ => Task.FromResult(false);
        using var intel = new CollateralClient(TrustRoot.Intel, _clock, new CollateralClientOptions { Sources = [_server.Source] });
        Assert.Equal("ROOT_CA_UNTRUSTED", Bad(await intel.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_NOT_AUTHENTIC").Evidence);
    }

    [Fact]
    public async Task Genuine_collateral_of_another_family_technology_or_authority_is_refused()
    {
        using CollateralClient client = Client();
        Bad(await client.GetAsync(new PlatformFamily(TeeType.Tdx, "00806f050000", PckCa.Platform), cancellationToken: Cancel), "COLLATERAL_SOURCE_WRONG_PLATFORM");
        Bad(await client.GetAsync(new PlatformFamily(TeeType.Sgx, DevelopmentPki.Fmspc, PckCa.Platform), cancellationToken: Cancel), "COLLATERAL_SOURCE_WRONG_PLATFORM");
        Bad(await client.GetAsync(new PlatformFamily(TeeType.Tdx, DevelopmentPki.Fmspc, PckCa.Processor), cancellationToken: Cancel), "COLLATERAL_SOURCE_WRONG_PLATFORM");
    }

    [Fact]
    public async Task A_stale_source_is_passed_over()
    {
        await using CollateralServer stale = await CollateralServer.StartAsync(_pki.Collateral(_clock.Now.AddDays(-40)));
        using CollateralClient client = Client(options => options.Sources = [stale.Source, _server.Source]);
        CollateralResult result = await client.GetAsync(Family, cancellationToken: Cancel);
        Assert.Equal(_server.Source.ToString(), result.Collateral!.Source);
        Assert.Equal("COLLATERAL_SOURCE_STALE", Assert.Single(result.Findings).Code);
    }

    [Fact]
    public async Task A_wait_that_a_server_asks_for_is_honoured_once_or_makes_it_be_left_alone()
    {
        int refusals = 0;
        string wait = "0";
        _server.Instead = context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/tcb", StringComparison.Ordinal) || Interlocked.Decrement(ref refusals) < 0)
                return Task.FromResult(false);
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = wait;
            return Task.FromResult(true);
        };
        using CollateralClient client = Client();
        refusals = 1;
        Good(await client.GetAsync(Family, refresh: true, Cancel));
        refusals = 2;
        using CollateralClient once = Client();
        Bad(await once.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_THROTTLED");
        (refusals, wait) = (1, "600");
        using CollateralClient patient = Client();
        Assert.Contains("Retry-After 600", Bad(await patient.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_THROTTLED").Message, StringComparison.Ordinal);
        int asked = _server.Requests.Count;
        Assert.Contains("left alone until 2026-06-10T12:10:00Z", Bad(await patient.GetAsync(Family, cancellationToken: Cancel), "COLLATERAL_SOURCE_THROTTLED").Message, StringComparison.Ordinal);
        Assert.Equal(asked, _server.Requests.Count);
        _clock.Now = _clock.Now.AddMinutes(11);
        Good(await patient.GetAsync(Family, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Many_callers_share_one_fetch_and_one_that_gives_up_disturbs_nobody()
    {
        var gate = new TaskCompletionSource();
        _server.Instead = async _ =>
        {
            await gate.Task;
            return false;
        };
        using CollateralClient client = Client();
        using var impatient = new CancellationTokenSource(50);
        Task<CollateralResult> first = client.GetAsync(Family, cancellationToken: impatient.Token);
        Task<CollateralResult>[] others = [.. Enumerable.Range(0, 50).Select(_ => client.GetAsync(Family, cancellationToken: Cancel))];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        foreach (CollateralResult result in await Task.WhenAll(others))
            Good(result);
        Assert.Equal(4, _server.Requests.Count);
    }

    [Fact]
    public void Addresses_of_servers_are_taken_with_and_without_the_path()
    {
        Assert.Equal("https://pccs:8081/", new CollateralSource(new Uri("https://pccs:8081/sgx/certification/v4/")).Address.AbsoluteUri);
        Assert.Equal("https://host/a/", new CollateralSource(new Uri("https://host/a")).Address.AbsoluteUri);
        Assert.Throws<ArgumentException>(() => new CollateralSource(new Uri("ftp://host")));
        Assert.Throws<ArgumentException>(() => new CollateralSource(new Uri("https://user:secret@host")));
        Assert.Throws<ArgumentException>(() => new PlatformFamily(TeeType.Sgx, "xx", PckCa.Platform));
        Assert.Throws<ArgumentException>(() => Client(options => options.Sources = []));
        Assert.DoesNotContain("secret", new CollateralSource(new Uri("https://h")) { SubscriptionKey = "secret" }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Real_collateral_served_by_us_is_fetched_under_Intels_root()
    {
        string folder = SharedData.Path("data", "quotes", "collateral");
        int fetched = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            Assert.True(Collateral.TryParse(await File.ReadAllBytesAsync(file, Cancel), out Collateral? collateral, out _));
            if (CollateralVerifier.Verify(collateral, TrustRoot.Intel, _clock.Now).Trusted is not { } trusted)
                continue;
            DateTimeOffset at = trusted.Windows.Max(window => window.From);
            if (at > trusted.EarliestExpiry)
                continue;
            await using CollateralServer server = await CollateralServer.StartAsync(CollateralBundle.Write(collateral));
            var family = new PlatformFamily(
                trusted.TcbInfo.Tee, Convert.ToHexString(trusted.TcbInfo.Fmspc.Span), trusted.PckCrl.IssuerName.Contains("Platform", StringComparison.Ordinal) ? PckCa.Platform : PckCa.Processor);
            using var client = new CollateralClient(TrustRoot.Intel, new SetClock(at), new CollateralClientOptions { Sources = [server.Source] });
            FetchedCollateral result = Good(await client.GetAsync(family, cancellationToken: Cancel));
            Assert.Equal(trusted.TcbInfo.IssueDate, result.Trusted.TcbInfo.IssueDate);
            fetched++;
        }

        Assert.True(fetched >= 10, $"only {fetched} of the real collateral files were served");
    }

    [Fact]
    public void The_family_is_read_from_every_real_quote_with_a_chain()
    {
        int read = 0;
        foreach (string file in SharedData.Files("data/quotes/quotes", "*.bin"))
        {
            if (Quote.TryParse(File.ReadAllBytes(file), out Quote? quote, out _) && quote.CertificationType == 5)
            {
                Assert.True(PlatformFamily.TryOf(quote, out PlatformFamily? family, out Finding? refusal), $"{file}: {refusal?.Message}");
                Assert.Equal(quote.Tee, family.Tee);
                read++;
            }
        }

        Assert.SkipWhen(SharedData.Root is null, "needs the shared data");
        Assert.True(read > 20, $"{read} quotes");
    }

    private CollateralClient Client(Action<CollateralClientOptions>? configure = null)
    {
        var options = new CollateralClientOptions { Sources = [_server.Source] };
        configure?.Invoke(options);
        return new CollateralClient(_root, _clock, options);
    }

    private static FetchedCollateral Good(CollateralResult result)
    {
        Assert.True(result.Collateral is not null, string.Join("; ", result.Findings));
        return result.Collateral;
    }

    private static Finding Bad(CollateralResult result, string code)
    {
        Assert.Null(result.Collateral);
        Finding finding = Assert.Single(result.Findings);
        Assert.Equal((code, FindingSeverity.Undecided), (finding.Code, finding.Severity));
        return finding;
    }
}

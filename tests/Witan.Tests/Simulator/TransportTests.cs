using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Witan.Dstack.Simulator;
using Xunit;

namespace Witan.Tests.Simulator;

/// <summary>The wire: Content-Length always, JSON, query and protobuf, and the agent's own errors.</summary>
public sealed class TransportTests : IAsyncLifetime
{
    private SimulatedAgent _agent = null!;
    private HttpClient _http = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _agent = await SimulatedAgent.StartAsync();
        _http = new HttpClient { BaseAddress = _agent.Address };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _agent.DisposeAsync();
    }

    [Theory]
    [InlineData("Info", "{}", 200)]
    [InlineData("GetQuote", "{\"report_data\":\"0x1234\",\"unknown\":[1]}", 200)]
    [InlineData("DstackGuest.GetKey", "{}", 200)]
    [InlineData("GetTlsKey", "{\"subject\":\"x\",\"alt_names\":[\"localhost\",\"127.0.0.1\"],\"not_before\":null}", 200)]
    [InlineData("GetTlsKey", "{\"alt_names\":[\"\"]}", 400)]
    [InlineData("GetTlsKey", "{\"not_after\":99999999999999}", 400)]
    [InlineData("GetTlsKey", "{\"not_before\":0,\"not_after\":253402300799}", 200)]
    [InlineData("Version", "", 200)]
    [InlineData("prpc/Tappd.Info", "{}", 200)]
    [InlineData("prpc/Info", "{}", 200)]
    [InlineData("prpc/Worker.Version", "{}", 200)]
    [InlineData("prpc/GetAttestationForAppKey", "{\"algorithm\":\"ed25519\"}", 200)]
    [InlineData("Nothing", "{}", 400)]
    [InlineData("GetKey", "[]", 400)]
    [InlineData("GetKey", "{", 400)]
    [InlineData("GetKey", "{} {}", 400)]
    [InlineData("GetKey", "{\"path\":7}", 400)]
    [InlineData("GetKey", "{\"algorithm\":\"secp256k1_prehashed\"}", 400)]
    [InlineData("GetQuote", "{\"report_data\":\"0\"}", 400)]
    [InlineData("", "{}", 404)]
    [InlineData("a/b", "{}", 404)]
    public async Task Every_answer_has_a_length_and_every_refusal_is_400_with_error(string path, string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync(path, content, Cancel);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(answer.Length, response.Content.Headers.ContentLength);
        Assert.Null(response.Headers.TransferEncodingChunked);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(-1, answer.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)0x7F));
        Assert.Equal("0.6.0", Assert.Single(response.Headers.GetValues("X-App-Version")));
        using JsonDocument json = JsonDocument.Parse(answer);
        Assert.Equal(status != 200, json.RootElement.TryGetProperty("error", out _));
    }

    [Theory]
    [InlineData("GetKey", "{\"algorithm\":\"rsa\"}", "Unsupported algorithm")]
    [InlineData("Sign", "{\"algorithm\":\"rsa\",\"data\":\"\"}", "Unsupported algorithm")]
    [InlineData("Sign", "{\"algorithm\":\"secp256k1_prehashed\",\"data\":\"00\"}", "Pre-hashed signing requires a 32-byte digest, but received 1 bytes")]
    [InlineData("Verify", "{\"algorithm\":\"ed25519\",\"public_key\":\"00\"}", "invalid public key")]
    [InlineData("Verify", "{\"algorithm\":\"secp256k1\",\"public_key\":\"00\",\"signature\":\"00\"}", "signature error")]
    [InlineData("GetTlsKey", "{\"not_before\":2,\"not_after\":1}", "not_before must be earlier than not_after")]
    [InlineData("GetTlsKey", "{\"not_before\":2,\"not_after\":2}", "not_before must be earlier than not_after")]
    [InlineData("GetTlsKey", "{\"not_after\":100000000}", "not_before must be earlier than not_after")]
    [InlineData("prpc/Tappd.TdxQuote", "{\"hash_algorithm\":\"md5\"}", "invalid hash algorithm")]
    [InlineData("prpc/Tappd.TdxQuote", "{\"hash_algorithm\":\"raw\",\"report_data\":\"00\"}", "invalid content length")]
    [InlineData("prpc/Tappd.RawQuote", "{\"report_data\":\"00\"}", "invalid content length")]
    [InlineData("prpc/Worker.GetAttestationForAppKey", "{\"algorithm\":\"\"}", "Unsupported algorithm")]
    public async Task Errors_have_the_agents_words(string path, string body, string words)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync(path, content, Cancel);
        Assert.Equal($"{{\n  \"error\": \"{words}\"\n}}", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Report_data_beyond_64_bytes_is_too_long()
    {
        foreach (string method in new[] { "GetQuote", "Attest" })
        {
            using HttpResponseMessage response = await _http.GetAsync($"{method}?report_data={new string('0', 130)}", Cancel);
            Assert.Contains("\"Report data is too long\"", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_query_says_the_same_as_a_body()
    {
        string byQuery = await _http.GetStringAsync("GetKey?path=a&purpose=b&algorithm=ed25519&json", Cancel);
        using var content = new StringContent("""{"path":"a","purpose":"b","algorithm":"ed25519"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage byBody = await _http.PostAsync("GetKey", content, Cancel);
        Assert.Equal(await byBody.Content.ReadAsStringAsync(Cancel), byQuery);
        string tls = await _http.GetStringAsync("GetTlsKey?subject=s&alt_names[0]=one.example&alt_names[1]=127.0.0.1&usage_server_auth=true", Cancel);
        using JsonDocument json = JsonDocument.Parse(tls);
        using var leaf = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(json.RootElement.GetProperty("certificate_chain")[0].GetString()!);
        var names = leaf.Extensions.OfType<System.Security.Cryptography.X509Certificates.X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["one.example"], names.EnumerateDnsNames());
        Assert.Equal([IPAddress.Loopback], names.EnumerateIPAddresses());
    }

    [Fact]
    public async Task Without_a_word_of_JSON_it_speaks_protobuf()
    {
        // path (1) "a", purpose (2) "b", an unknown number (15).
        byte[] request = [0x0A, 1, (byte)'a', 0x12, 1, (byte)'b', 0x78, 0x96, 0x01];
        (HttpStatusCode status, string? type, byte[] answer) = await PostAsync("GetKey", request);
        Assert.Equal((HttpStatusCode.OK, "application/octet-stream"), (status, type));
        using JsonDocument json = JsonDocument.Parse(await _http.GetStringAsync("GetKey?path=a&purpose=b", Cancel));
        byte[] key = Convert.FromHexString(json.RootElement.GetProperty("key").GetString()!);
        byte[][] chain = [.. json.RootElement.GetProperty("signature_chain").EnumerateArray().Select(item => Convert.FromHexString(item.GetString()!))];
        Assert.Equal([0x0A, 32, .. key, 0x12, 65, .. chain[0], 0x12, 65, .. chain[1]], answer);
        // The same body as JSON where the query asks for it.
        (status, type, _) = await PostAsync("GetKey?json=1", Encoding.ASCII.GetBytes("{}"));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (status, type));
        foreach (byte[] bad in new byte[][] { [0x0A, 200], [0x0A], [0x08, 1], [0x0B], [0x0A, 1, 0xFF], [.. Enumerable.Repeat((byte)0xFF, 11)], Encoding.ASCII.GetBytes("{}") })
        {
            (status, type, answer) = await PostAsync("GetKey", bad);
            Assert.Equal((HttpStatusCode.BadRequest, "application/octet-stream", (byte)0x0A), (status, type, answer[0]));
        }
    }

    [Fact]
    public async Task A_connection_is_kept_for_the_next_request_and_closed_after_a_half_close()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_agent.Guest), Cancel);
        byte[] request = Encoding.ASCII.GetBytes("POST /Version HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
        byte[] buffer = new byte[4096];
        for (int i = 0; i < 3; i++)
        {
            await socket.SendAsync(request, Cancel);
            int length = await socket.ReceiveAsync(buffer, Cancel);
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", Encoding.ASCII.GetString(buffer, 0, length), StringComparison.Ordinal);
        }

        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await socket.ReceiveAsync(buffer, Cancel));
    }

    [Theory]
    [InlineData("POST /Info HTTP/1.1|Host: localhost|Content-Type: application/json|Content-Length: 2||{}", "HTTP/1.1 200 OK|", 1)]
    [InlineData("POST /GetQuote HTTP/1.1|Host: localhost|Content-Type: application/json|Content-Length: 2||{}", "HTTP/1.1 200 OK|", 1)]
    [InlineData("GET /Version HTTP/1.1|Host: localhost||GET /Version HTTP/1.1|Host: localhost||", "HTTP/1.1 200 OK|", 2)]
    // Cut short in the body, and in the head: an end, and no endless reading.
    [InlineData("POST /Info HTTP/1.1|Host: localhost|Content-Type: application/json|Content-Length: 3||{}", "", 0)]
    [InlineData("GET /Version HTTP/1.1|Host: local", "", 0)]
    public async Task A_client_that_closes_its_half_once_it_has_asked_reads_the_answer_to_its_end(string request, string start, int answers)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_agent.Guest), Cancel);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("|", "\r\n", StringComparison.Ordinal)), Cancel);
        socket.Shutdown(SocketShutdown.Send);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        string text = await reader.ReadToEndAsync(limit.Token);
        Assert.StartsWith(start.Replace("|", "\r\n", StringComparison.Ordinal), text, StringComparison.Ordinal);
        Assert.Equal(answers, text.Split("HTTP/1.1 200 OK\r\n").Length - 1);
        if (answers > 0)
        {
            using JsonDocument whole = JsonDocument.Parse(text[(text.LastIndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        }
    }

    [Fact]
    public async Task One_socket_can_serve_both_services_and_not_the_public_one()
    {
        string folder = Directory.CreateTempSubdirectory("witan-both-").FullName;
        try
        {
            string path = Path.Combine(folder, "both.sock");
            await using SimulatorServer server = await SimulatorServer.StartAsync(
                new SimulatorOptions { Seed = new byte[32], State = folder, Sockets = [new SimulatorSocket("app", "a", path, SimulatorService.GuestAndTappd)] }, Cancel);
            using var both = Over(path);
            Assert.Equal(HttpStatusCode.OK, (await both.GetAsync("Info", Cancel)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await both.GetAsync("prpc/Tappd.Info", Cancel)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await both.GetAsync("prpc/Worker.Info", Cancel)).StatusCode);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Sockets_serve_their_own_service_only()
    {
        using var guest = Over(_agent.Guest);
        using var tappd = Over(_agent.Tappd);
        Assert.Equal(HttpStatusCode.OK, (await guest.GetAsync("Info", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await guest.GetAsync("prpc/Tappd.Info", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await tappd.GetAsync("prpc/Tappd.Info", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await tappd.GetAsync("Info", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await tappd.GetAsync("prpc/Worker.Info", Cancel)).StatusCode);
    }

    [Fact]
    public async Task It_does_not_listen_beyond_loopback() => await Assert.ThrowsAsync<ArgumentException>(() => SimulatorServer.StartAsync(
        SimulatedAgent.With() with { Listen = new IPEndPoint(IPAddress.Any, 0) }, Cancel));

    private static HttpClient Over(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://agent"),
    };

    private async Task<(HttpStatusCode Status, string? Type, byte[] Body)> PostAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage response = await _http.PostAsync(path, content, Cancel);
        return (response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(Cancel));
    }
}

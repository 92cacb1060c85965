using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Dstack.CollateralService;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Tests.Dstack.Fetching;

/// <summary>
/// A PCS and PCCS on a loopback port: the same paths, parameters, headers and encodings, over a development authority. Each path
/// can be made to misbehave.
/// </summary>
internal sealed class CollateralServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<JsonElement> _bundle;

    private CollateralServer(Func<JsonElement> bundle)
    {
        _bundle = bundle;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public CollateralSource Source { get; private set; } = null!;

    /// <summary>Path and query of every request.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Answers instead of the server where it returns true.</summary>
    public Func<HttpContext, Task<bool>> Instead { get; set; } = _ => Task.FromResult(false);

    /// <summary>Changes the text that is signed, and signs it again.</summary>
    public Func<string, string>? Edit { get; set; }

    /// <summary>Form of the revocation lists.</summary>
    public Func<byte[], byte[]> CrlForm { get; set; } = der => der;

    /// <summary>Name of the header with the TCB info's chain.</summary>
    public string TcbInfoHeader { get; set; } = "TCB-Info-Issuer-Chain";

    /// <summary>The authority that signs what was edited.</summary>
    public DevelopmentPki? Pki { get; private init; }

    /// <summary>Serves an authority's collateral as of the clock.</summary>
    public static Task<CollateralServer> StartAsync(DevelopmentPki pki, SetClock clock) =>
        StartAsync(new CollateralServer(() => JsonDocument.Parse(pki.Collateral(clock.Now)).RootElement) { Pki = pki });

    /// <summary>Serves a bundle that is there.</summary>
    public static Task<CollateralServer> StartAsync(byte[] bundle) => StartAsync(new CollateralServer(() => JsonDocument.Parse(bundle).RootElement));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<CollateralServer> StartAsync(CollateralServer server)
    {
        await server._app.StartAsync();
        server.Source = new CollateralSource(new Uri(server._app.Urls.First()));
        return server;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Requests.Enqueue(context.Request.Path + context.Request.QueryString);
        if (await Instead(context))
            return;
        JsonElement bundle = _bundle();
        string Text(string name) => bundle.GetProperty(name).GetString()!;
        byte[] body;
        switch (context.Request.Path.Value)
        {
            case "/tdx/certification/v4/tcb" or "/sgx/certification/v4/tcb":
                body = Envelope("tcbInfo", Text("tcb_info"), Text("tcb_info_signature"));
                Chain(TcbInfoHeader, Text("tcb_info_issuer_chain"));
                break;
            case "/tdx/certification/v4/qe/identity" or "/sgx/certification/v4/qe/identity":
                body = Envelope("enclaveIdentity", Text("qe_identity"), Text("qe_identity_signature"));
                Chain("SGX-Enclave-Identity-Issuer-Chain", Text("qe_identity_issuer_chain"));
                break;
            case "/sgx/certification/v4/pckcrl":
                body = CrlForm(Convert.FromHexString(Text("pck_crl")));
                Chain("SGX-PCK-CRL-Issuer-Chain", Text("pck_crl_issuer_chain"));
                break;
            case "/sgx/certification/v4/rootcacrl":
                // A PCCS serves this one as hexadecimal text.
                body = Encoding.ASCII.GetBytes(Text("root_ca_crl"));
                break;
            default:
                context.Response.StatusCode = 404;
                return;
        }

        await context.Response.Body.WriteAsync(body);

        void Chain(string header, string pem) => context.Response.Headers[header] = Uri.EscapeDataString(pem);
    }

    private byte[] Envelope(string member, string text, string signature)
    {
        if (Edit is not null)
            (text, signature) = (Edit(text), Pki!.Sign(Encoding.UTF8.GetBytes(Edit(text))));
        return Encoding.UTF8.GetBytes($$"""{"{{member}}":{{text}},"signature":"{{signature}}"}""");
    }
}

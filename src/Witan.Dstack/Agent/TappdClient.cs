using System.Text.Json.Serialization.Metadata;

namespace Witan.Dstack;

/// <summary>
/// Client of the legacy service on tappd.sock, for guests of OS 0.3 and for compatibility. New code uses <see cref="DstackClient"/>.
/// The same rules of errors and threads hold.
/// </summary>
public sealed class TappdClient : IDisposable
{
    private readonly AgentConnection _connection;

    /// <summary>Opens a client; see <see cref="DstackEndpoint.ResolveTappd(string?)"/> for the endpoint.</summary>
    public TappdClient(string? endpoint = null, TimeSpan? timeout = null)
        : this(new DstackClientOptions { Endpoint = endpoint, Timeout = timeout ?? TimeSpan.FromSeconds(30) })
    {
    }

    /// <summary>Opens a client by its options.</summary>
    public TappdClient(DstackClientOptions options) =>
        _connection = new AgentConnection(DstackEndpoint.ResolveTappd(options.Endpoint), "prpc/", options);

    /// <summary>Where it speaks to.</summary>
    public string Endpoint => _connection.Endpoint;

    /// <summary>What the agent says of its app.</summary>
    public Task<InfoResponse> InfoAsync(CancellationToken cancellationToken = default) =>
        CallAsync("Info", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.InfoResponse, cancellationToken);

    /// <summary>Which agent answers; since 0.5.7.</summary>
    public Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default) =>
        CallAsync("Version", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.VersionResponse, cancellationToken);

    /// <summary>
    /// Derives a P-256 key for a path and a certificate for it. The same path gives the same key, unless
    /// <paramref name="randomSeed"/> is set. Validity and app info of <paramref name="options"/> are not part of this service.
    /// </summary>
    public async Task<GetTlsKeyResponse> DeriveKeyAsync(
        string path, TlsKeyOptions? options = null, bool randomSeed = false, CancellationToken cancellationToken = default)
    {
        options ??= new TlsKeyOptions();
        if (options.NeedsVersion)
            throw new ArgumentException("DeriveKey takes no validity and no app info", nameof(options));
        var request = new DeriveKeyRequest(
            path, options.Subject, options.AltNames, options.RaTls, options.ServerAuth, options.ClientAuth, randomSeed);
        TlsKeyAnswer answer = await CallAsync(
            "DeriveKey", request, AgentJson.Default.DeriveKeyRequest, AgentJson.Default.TlsKeyAnswer, cancellationToken);
        return new GetTlsKeyResponse(answer.Key, answer.CertificateChain);
    }

    /// <summary>Derives a secp256k1 key, as <see cref="DstackClient.GetKeyAsync"/> does.</summary>
    public async Task<GetKeyResponse> DeriveK256KeyAsync(string path, string purpose = "", CancellationToken cancellationToken = default)
    {
        K256KeyAnswer answer = await CallAsync(
            "DeriveK256Key", new GetKeyRequest(path, purpose, ""), AgentJson.Default.GetKeyRequest, AgentJson.Default.K256KeyAnswer, cancellationToken);
        return new GetKeyResponse(answer.Key, AgentHex.DecodeAll(answer.SignatureChain, "DeriveK256Key: k256_signature_chain"), purpose, "");
    }

    /// <summary>
    /// Asks for a quote over a hash of content: see <see cref="TappdReportData"/>. With <c>raw</c> the content must be exactly 64
    /// bytes and is the report data itself; the padding on the left that one of the other SDKs does is not done.
    /// </summary>
    public Task<TdxQuoteResponse> TdxQuoteAsync(
        ReadOnlyMemory<byte> content, string hashAlgorithm = "", string prefix = "", CancellationToken cancellationToken = default)
    {
        if (hashAlgorithm == TappdReportData.Raw && content.Length != DstackClient.ReportDataSize)
            throw new ArgumentException($"raw report data has exactly {DstackClient.ReportDataSize} bytes, not {content.Length}", nameof(content));
        var request = new TdxQuoteRequest(Convert.ToHexStringLower(content.Span), hashAlgorithm, prefix);
        return CallAsync("TdxQuote", request, AgentJson.Default.TdxQuoteRequest, AgentJson.Default.TdxQuoteResponse, cancellationToken);
    }

    /// <summary>Asks for a quote over exactly 64 bytes.</summary>
    public Task<TdxQuoteResponse> RawQuoteAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancellationToken = default)
    {
        if (reportData.Length != DstackClient.ReportDataSize)
            throw new ArgumentException($"raw report data has exactly {DstackClient.ReportDataSize} bytes, not {reportData.Length}", nameof(reportData));
        return CallAsync(
            "RawQuote", DstackClient.ReportData(reportData), AgentJson.Default.ReportDataRequest, AgentJson.Default.TdxQuoteResponse, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _connection.Dispose();

    private Task<TResponse> CallAsync<TRequest, TResponse>(
        string method, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType, CancellationToken cancellationToken) =>
        _connection.CallAsync("Tappd." + method, request, requestType, responseType, cancellationToken);
}

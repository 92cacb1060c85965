using System.Text.Json.Serialization.Metadata;

namespace Witan.Dstack;

/// <summary>
/// Client of the dstack guest agent: identity, derived keys, evidence, signatures. One handler over the unix socket; safe to use
/// from several threads. Throws <see cref="DstackException"/> in the shapes of its subclasses, <see cref="ArgumentException"/> for
/// what the agent would refuse anyway. Secrets are in no message.
/// </summary>
public sealed class DstackClient : IDisposable
{
    /// <summary>Most bytes of report data.</summary>
    public const int ReportDataSize = 64;

    private static readonly TimeSpan Reachable = TimeSpan.FromMilliseconds(500);
    private readonly AgentConnection _connection;
    private readonly AgentVersionGate _gate;

    /// <summary>
    /// Opens a client. <paramref name="endpoint"/> is a socket path or an http address; null resolves as the other SDKs do.
    /// <paramref name="timeout"/> bounds each call; the default is 30 seconds. Throws <see cref="DstackUnavailableException"/> where
    /// the path does not exist; nothing is sent yet.
    /// </summary>
    public DstackClient(string? endpoint = null, TimeSpan? timeout = null)
        : this(new DstackClientOptions { Endpoint = endpoint, Timeout = timeout ?? TimeSpan.FromSeconds(30) })
    {
    }

    /// <summary>Opens a client by its options.</summary>
    public DstackClient(DstackClientOptions options)
    {
        _connection = new AgentConnection(DstackEndpoint.Resolve(options.Endpoint), "", options);
        _gate = new AgentVersionGate(VersionAsync);
    }

    /// <summary>Where it speaks to.</summary>
    public string Endpoint => _connection.Endpoint;

    /// <summary>What the agent says of its app.</summary>
    public Task<InfoResponse> InfoAsync(CancellationToken cancellationToken = default) =>
        CallAsync("Info", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.InfoResponse, cancellationToken);

    /// <summary>Whether something answers Info within half a second. Throws only where <paramref name="cancellationToken"/> is cancelled.</summary>
    public async Task<bool> IsReachableAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _connection.CallAsync(
                "Info", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.InfoResponse, cancellationToken, Reachable);
            return true;
        }
        catch (DstackException)
        {
            return false;
        }
    }

    /// <summary>Which agent answers. Throws <see cref="DstackRefusedException"/> before 0.5.7.</summary>
    public Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default) =>
        CallAsync("Version", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.VersionResponse, cancellationToken);

    /// <summary>
    /// Derives a key for a path. The same app and path give the same key on any host; <paramref name="purpose"/> goes into the
    /// signature chain only. <paramref name="algorithm"/> is <c>secp256k1</c> (also as <c>k256</c> or empty) or <c>ed25519</c>; the 32
    /// bytes are the same for both, so use another path for each. Dispose the result: that zeroes the key.
    /// </summary>
    public async Task<GetKeyResponse> GetKeyAsync(
        string path, string purpose = "", string algorithm = "", CancellationToken cancellationToken = default)
    {
        // An agent that does not know the field would sign the secp256k1 key in silence.
        if (algorithm is not ("" or "secp256k1" or "k256"))
            await _gate.RequireAsync($"GetKey with algorithm {algorithm}", AgentVersionGate.WithVersion, cancellationToken);
        KeyAnswer answer = await CallAsync(
            "GetKey", new GetKeyRequest(path, purpose, algorithm), AgentJson.Default.GetKeyRequest, AgentJson.Default.KeyAnswer, cancellationToken);
        return new GetKeyResponse(answer.Key, AgentHex.DecodeAll(answer.SignatureChain, "GetKey: signature_chain"), purpose, algorithm);
    }

    /// <summary>
    /// Asks for a new TLS key, random on every call, and a certificate of the app's authority for it. Dispose the result.
    /// </summary>
    public async Task<GetTlsKeyResponse> GetTlsKeyAsync(TlsKeyOptions options, CancellationToken cancellationToken = default)
    {
        if (options.NotBefore >= options.NotAfter)
            throw new ArgumentException("not_before must be earlier than not_after", nameof(options));
        if (options.NeedsVersion)
            await _gate.RequireAsync("GetTlsKey with a validity or app info", AgentVersionGate.WithVersion, cancellationToken);
        var request = new GetTlsKeyRequest(
            options.Subject,
            options.AltNames,
            options.RaTls,
            options.ServerAuth,
            options.ClientAuth,
            options.NotBefore?.ToUnixTimeSeconds(),
            options.NotAfter?.ToUnixTimeSeconds(),
            options.AppInfo);
        TlsKeyAnswer answer = await CallAsync(
            "GetTlsKey", request, AgentJson.Default.GetTlsKeyRequest, AgentJson.Default.TlsKeyAnswer, cancellationToken);
        return new GetTlsKeyResponse(answer.Key, answer.CertificateChain);
    }

    /// <summary>Asks for evidence over report data of 1 to 64 bytes; shorter data is padded with zeros on the right.</summary>
    public Task<GetQuoteResponse> GetQuoteAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancellationToken = default) => CallAsync(
        "GetQuote", ReportData(reportData), AgentJson.Default.ReportDataRequest, AgentJson.Default.GetQuoteResponse, cancellationToken);

    /// <summary>Asks for evidence in one piece, as versioned attestation bytes; since 0.5.7. Report data as of <see cref="GetQuoteAsync"/>.</summary>
    public Task<AttestResponse> AttestAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancellationToken = default)
    {
        ReportDataRequest request = ReportData(reportData);
        return _gate.SinceAsync(
            "Attest",
            AgentVersionGate.WithVersion,
            () => CallAsync("Attest", request, AgentJson.Default.ReportDataRequest, AgentJson.Default.AttestResponse, cancellationToken),
            cancellationToken);
    }

    /// <summary>Asks for the evidence of the guest's GPUs; since 0.6.</summary>
    public Task<GpuInfoResponse> GpuInfoAsync(CancellationToken cancellationToken = default) => _gate.SinceAsync(
        "GpuInfo",
        AgentVersionGate.WithGpuInfo,
        () => CallAsync("GpuInfo", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.GpuInfoResponse, cancellationToken),
        cancellationToken);

    /// <summary>
    /// Signs with the app's key of the path <c>vms</c>; since 0.5.7. <paramref name="algorithm"/> is <c>ed25519</c>,
    /// <c>secp256k1</c> (over the SHA-256 of the data) or <c>secp256k1_prehashed</c> (over the data itself, 32 bytes).
    /// </summary>
    public Task<SignResponse> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        if (algorithm == "secp256k1_prehashed" && data.Length != 32)
            throw new ArgumentException($"Pre-hashed signing requires a 32-byte digest, but received {data.Length} bytes", nameof(data));
        var request = new SignRequest(algorithm, Convert.ToHexStringLower(data.Span));
        return _gate.SinceAsync(
            "Sign",
            AgentVersionGate.WithVersion,
            () => CallAsync("Sign", request, AgentJson.Default.SignRequest, AgentJson.Default.SignResponse, cancellationToken),
            cancellationToken);
    }

    /// <summary>
    /// Asks the agent whether a signature is good; since 0.5.7. A malformed key or signature is a
    /// <see cref="DstackRefusedException"/>, not false.
    /// </summary>
    public async Task<bool> VerifyAsync(
        string algorithm, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature, ReadOnlyMemory<byte> publicKey, CancellationToken cancellationToken = default)
    {
        var request = new VerifyRequest(
            algorithm, Convert.ToHexStringLower(data.Span), Convert.ToHexStringLower(signature.Span), Convert.ToHexStringLower(publicKey.Span));
        VerifyAnswer answer = await _gate.SinceAsync(
            "Verify",
            AgentVersionGate.WithVersion,
            () => CallAsync("Verify", request, AgentJson.Default.VerifyRequest, AgentJson.Default.VerifyAnswer, cancellationToken),
            cancellationToken);
        return answer.Valid;
    }

    /// <summary>Extends RTMR3 with an event of the app. Agents from 0.5.0 to 0.5.11 have it; it was removed in 0.6.</summary>
    [Obsolete("dstack OS 0.6 has no EmitEvent. Bind data by report data instead.")]
    public async Task EmitEventAsync(string name, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        await _gate.RequireBeforeAsync("EmitEvent", AgentVersionGate.WithoutEmitEvent, cancellationToken);
        await CallAsync(
            "EmitEvent",
            new EmitEventRequest(name, Convert.ToHexStringLower(payload.Span)),
            AgentJson.Default.EmitEventRequest,
            AgentJson.Default.EmptyAnswer,
            cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _connection.Dispose();

    internal static ReportDataRequest ReportData(ReadOnlyMemory<byte> reportData) => reportData.Length is > 0 and <= ReportDataSize
        ? new ReportDataRequest(Convert.ToHexStringLower(reportData.Span))
        : throw new ArgumentException($"report data has 1 to {ReportDataSize} bytes, not {reportData.Length}", nameof(reportData));

    private Task<TResponse> CallAsync<TRequest, TResponse>(
        string method, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType, CancellationToken cancellationToken) =>
        _connection.CallAsync(method, request, requestType, responseType, cancellationToken);
}

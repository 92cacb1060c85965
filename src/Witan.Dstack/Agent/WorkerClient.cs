namespace Witan.Dstack;

/// <summary>
/// Client of an app's public service (port 8090 of the guest, also through the gateway): who it is, and evidence of its signing key.
/// Everything it says comes over a network and is a claim until the evidence is verified.
/// </summary>
public sealed class WorkerClient : IDisposable
{
    private readonly AgentConnection _connection;

    /// <summary>Opens a client of an http address or a socket path.</summary>
    public WorkerClient(string endpoint, TimeSpan? timeout = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(endpoint);
        _connection = new AgentConnection(
            DstackEndpoint.Resolve(endpoint), "prpc/", new DstackClientOptions { Timeout = timeout ?? TimeSpan.FromSeconds(30) });
    }

    /// <summary>What the agent says of its app; without measurements where the app does not publish them.</summary>
    public Task<InfoResponse> InfoAsync(CancellationToken cancellationToken = default) => _connection.CallAsync(
        "Worker.Info", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.InfoResponse, cancellationToken);

    /// <summary>Which agent answers.</summary>
    public Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default) => _connection.CallAsync(
        "Worker.Version", new EmptyRequest(), AgentJson.Default.EmptyRequest, AgentJson.Default.VersionResponse, cancellationToken);

    /// <summary>
    /// Evidence whose report data is <see cref="AppKeyReportData"/> of the app's signing key: <c>ed25519</c> or <c>secp256k1</c>.
    /// </summary>
    public Task<GetQuoteResponse> GetAttestationForAppKeyAsync(string algorithm, CancellationToken cancellationToken = default) => _connection.CallAsync(
        "Worker.GetAttestationForAppKey",
        new AppKeyRequest(algorithm),
        AgentJson.Default.AppKeyRequest,
        AgentJson.Default.GetQuoteResponse,
        cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _connection.Dispose();
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Witan.Dstack.Cloud;

/// <summary>
/// The Phala Cloud API, as much of it as deploying, watching and looking after CVMs needs. Requests that read are repeated after
/// transient failures; requests that change something are sent once. Fails with <see cref="CloudApiException"/> only.
/// </summary>
/// <remarks>Source of the rules: the published OpenAPI document and SDKs; not yet exercised against the live service.</remarks>
public sealed class PhalaCloudClient
{
    /// <summary>Creates a client over a connection that the caller owns.</summary>
    public PhalaCloudClient(HttpClient http, CloudApiKey key, PhalaCloudOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        Transport = new CloudTransport(http, key, options, clock);
        Http = http;
    }

    internal CloudTransport Transport { get; }

    /// <summary>For addresses outside the API (logs): without the API key.</summary>
    internal HttpClient Http { get; }

    /// <summary>All CVMs of the workspace.</summary>
    public async Task<IReadOnlyList<CvmInfo>> ListAsync(CancellationToken cancellationToken)
    {
        const string what = "list of CVMs";
        byte[] answer = await Transport.FindAsync("cvms", what, Transport.Options.Retries, cancellationToken) ?? [];
        bool array = answer.AsSpan().TrimStart(" \r\n\t"u8) is [(byte)'[', ..];
        return (array
            ? CloudTransport.Parse(answer, CloudJson.Default.IReadOnlyListCvmInfo, what)
            : CloudTransport.Parse(answer, CloudJson.Default.CvmPage, what)?.Items) ?? [];
    }

    /// <summary>One CVM by name or any id; null where there is none.</summary>
    public Task<CvmInfo?> FindAsync(string id, CancellationToken cancellationToken) =>
        GetAsync($"cvms/{CvmId.Segment(id)}", CloudJson.Default.CvmInfo, $"CVM {id}", cancellationToken);

    /// <summary>The same, sent once: for callers that poll.</summary>
    internal async Task<CvmInfo?> FindOnceAsync(string id, CancellationToken cancellationToken)
    {
        string what = $"CVM {id}";
        return CloudTransport.Parse(
            await Transport.FindAsync($"cvms/{CvmId.Segment(id)}", what, 0, cancellationToken), CloudJson.Default.CvmInfo, what);
    }

    /// <summary>Its state; null where there is no such CVM. Not repeated: the caller polls.</summary>
    public async Task<CvmState?> GetStateAsync(string id, CancellationToken cancellationToken)
    {
        string what = $"state of {id}";
        return CloudTransport.Parse(
            await Transport.FindAsync($"cvms/{CvmId.Segment(id)}/state", what, 0, cancellationToken), CloudJson.Default.CvmState, what);
    }

    /// <summary>How it is connected; null where there is no such CVM. Not repeated: the caller polls.</summary>
    public async Task<CvmNetwork?> GetNetworkAsync(string id, CancellationToken cancellationToken)
    {
        string what = $"network of {id}";
        return CloudTransport.Parse(
            await Transport.FindAsync($"cvms/{CvmId.Segment(id)}/network", what, 0, cancellationToken), CloudJson.Default.CvmNetwork, what);
    }

    /// <summary>Its evidence as the platform passes it on; null where there is no such CVM.</summary>
    public Task<CvmAttestation?> GetAttestationAsync(string id, CancellationToken cancellationToken) =>
        GetAsync($"cvms/{CvmId.Segment(id)}/attestation", CloudJson.Default.CvmAttestation, $"evidence of {id}", cancellationToken);

    /// <summary>The compose text and settings in force; null where there is no such CVM.</summary>
    public Task<ComposeFileRequest?> GetComposeFileAsync(string id, CancellationToken cancellationToken) =>
        GetAsync($"cvms/{CvmId.Segment(id)}/compose_file", CloudJson.Default.ComposeFileRequest, $"compose file of {id}", cancellationToken);

    /// <summary>Its containers.</summary>
    public async Task<IReadOnlyList<CvmContainer>> GetContainersAsync(string id, CancellationToken cancellationToken) =>
        (await GetAsync($"cvms/{CvmId.Segment(id)}/composition", CloudJson.Default.CvmComposition, $"containers of {id}", cancellationToken))?.Containers ?? [];

    /// <summary>The signed key for an app's environment. <paramref name="kms"/> is the slug or id of the key service, never its type.</summary>
    public async Task<EnvironmentKey> GetEnvironmentKeyAsync(string kms, string appId, CancellationToken cancellationToken) =>
        await GetAsync(
            $"kms/{Uri.EscapeDataString(kms)}/pubkey/{Uri.EscapeDataString(appId)}", CloudJson.Default.EnvironmentKey, "environment key", cancellationToken)
        ?? throw new CloudApiException($"environment key: key service {kms} knows no app {appId}", "deploy again from the start", HttpStatusCode.NotFound, null);

    /// <summary>Asks for an app id, a compose hash and a key. Nothing runs afterwards, and nothing costs.</summary>
    public Task<ProvisionResult> ProvisionAsync(ProvisionRequest request, CancellationToken cancellationToken) =>
        ChangeAsync(HttpMethod.Post, "cvms/provision", Body(request, CloudJson.Default.ProvisionRequest), CloudJson.Default.ProvisionResult, "provisioning", cancellationToken);

    /// <summary>Starts what was provisioned. From here on it costs.</summary>
    internal Task<CvmInfo> CommitAsync(CommitRequest request, CancellationToken cancellationToken) =>
        ChangeAsync(HttpMethod.Post, "cvms", Body(request, CloudJson.Default.CommitRequest), CloudJson.Default.CvmInfo, "starting the CVM", cancellationToken);

    /// <summary>Prepares a new compose text for a CVM that is there.</summary>
    public Task<ProvisionResult> ProvisionUpdateAsync(string id, ComposeFileRequest request, CancellationToken cancellationToken) =>
        ChangeAsync(
            HttpMethod.Post, $"cvms/{CvmId.Segment(id)}/compose_file/provision", Body(request, CloudJson.Default.ComposeFileRequest),
            CloudJson.Default.ProvisionResult, "preparing the update", cancellationToken);

    /// <summary>Puts the prepared compose text in force: the CVM restarts with it.</summary>
    internal async Task CommitUpdateAsync(string id, UpdateRequest request, CancellationToken cancellationToken) =>
        await Transport.SendAsync(
            HttpMethod.Patch, $"cvms/{CvmId.Segment(id)}/compose_file", Body(request, CloudJson.Default.UpdateRequest), "updating the CVM", cancellationToken);

    /// <summary>Stops and starts it.</summary>
    public async Task RestartAsync(string id, CancellationToken cancellationToken) =>
        await Transport.SendAsync(HttpMethod.Post, $"cvms/{CvmId.Segment(id)}/restart", null, $"restarting {id}", cancellationToken);

    /// <summary>Deletes it with its disk. It costs nothing afterwards, and nothing on it comes back.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        await Transport.SendAsync(HttpMethod.Delete, $"cvms/{CvmId.Segment(id)}", null, $"deleting {id}", cancellationToken);

    private async Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> type, string what, CancellationToken cancellationToken)
        where T : class =>
        CloudTransport.Parse(await Transport.FindAsync(path, what, Transport.Options.Retries, cancellationToken), type, what);

    private async Task<T> ChangeAsync<T>(
        HttpMethod method, string path, HttpContent body, JsonTypeInfo<T> type, string what, CancellationToken cancellationToken)
        where T : class =>
        CloudTransport.Parse(await Transport.SendAsync(method, path, body, what, cancellationToken), type, what)
        ?? throw new CloudApiException($"{what}: the answer is empty", "look at what is there with: witan cvms list", null, null);

    private static ByteArrayContent Body<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}

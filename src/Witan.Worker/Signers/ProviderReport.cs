using System.Text;
using System.Text.Json;

namespace Witan.Worker.Signers;

/// <summary>
/// A provider's attestation report as NEAR AI's service gives it at <c>attestation/report</c>. Reading it says that it has the documented
/// form, nothing about its truth. Members that the form does not have are skipped; a member named twice is refused.
/// </summary>
/// <param name="Gateway">What attests the gateway: one or none.</param>
/// <param name="Models">What attests the machines that serve the model.</param>
public sealed record ProviderReport(IReadOnlyList<ProviderAttestation> Gateway, IReadOnlyList<ProviderAttestation> Models)
{
    /// <summary>Longest report that is read, in bytes. Evidence of eight GPUs beside one quote is some 200 KB.</summary>
    public const int MaximumSize = 4 << 20;

    /// <summary>Most attestations that are looked at.</summary>
    public const int MaximumAttestations = 64;

    /// <summary>Reads a report. Throws <see cref="FormatException"/> with one sentence where it is not of the form.</summary>
    public static ProviderReport Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new FormatException("the report is no JSON object");
            return new ProviderReport(Gateways(root), List(root));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"the report is not as documented: {e.Message}", e);
        }
    }

    private static IReadOnlyList<ProviderAttestation> Gateways(JsonElement root) =>
        root.TryGetProperty("gateway_attestation", out JsonElement gateway) && gateway.ValueKind != JsonValueKind.Null ? [ProviderAttestation.Read(gateway)] : [];

    private static ProviderAttestation[] List(JsonElement root)
    {
        if (!root.TryGetProperty("model_attestations", out JsonElement list) || list.ValueKind == JsonValueKind.Null)
            return [];
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaximumAttestations)
            throw new FormatException($"model_attestations is no list of at most {MaximumAttestations}");
        return [.. list.EnumerateArray().Select(ProviderAttestation.Read)];
    }
}

/// <summary>One attestation of a report, as sent.</summary>
public sealed record ProviderAttestation
{
    /// <summary>The key that the report is about.</summary>
    public string? SigningAddress { get; init; }

    /// <summary>Its algorithm; null means ecdsa.</summary>
    public string? SigningAlgo { get; init; }

    /// <summary>The nonce that it says it answers.</summary>
    public string? RequestNonce { get; init; }

    /// <summary>The quote in hexadecimal.</summary>
    public string Quote { get; init; } = "";

    /// <summary>The report data as repeated beside the quote; null where they are not.</summary>
    public string? ReportData { get; init; }

    /// <summary>JSON text of the event log.</summary>
    public string EventLog { get; init; } = "";

    /// <summary>The app-compose file, to the byte.</summary>
    public string? AppCompose { get; init; }

    /// <summary>The nonce of the GPU's evidence; null where there is no such evidence.</summary>
    public string? GpuNonce { get; init; }

    /// <summary>Whether there is evidence of a GPU.</summary>
    public bool HasGpuEvidence { get; init; }

    internal static ProviderAttestation Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException("an attestation of the report is no JSON object");
        (bool gpu, string? gpuNonce) = Gpu(json);
        return new ProviderAttestation
        {
            SigningAddress = Text(json, "signing_address"),
            SigningAlgo = Text(json, "signing_algo"),
            RequestNonce = Text(json, "request_nonce"),
            Quote = Text(json, "intel_quote") ?? "",
            ReportData = Text(json, "report_data"),
            EventLog = json.TryGetProperty("event_log", out JsonElement log) ? log.GetRawText() : "",
            AppCompose = Compose(json),
            HasGpuEvidence = gpu,
            GpuNonce = gpuNonce,
        };
    }

    // An object, or its JSON text.
    private static string? Compose(JsonElement json)
    {
        if (!json.TryGetProperty("info", out JsonElement info) || info.ValueKind != JsonValueKind.Object || !info.TryGetProperty("tcb_info", out JsonElement tcb))
            return null;
        return Open(tcb, static inner => Text(inner, "app_compose"));
    }

    private static (bool Has, string? Nonce) Gpu(JsonElement json)
    {
        if (!json.TryGetProperty("nvidia_payload", out JsonElement payload) || payload.ValueKind == JsonValueKind.Null
            || (payload.ValueKind == JsonValueKind.String && payload.ValueEquals("")))
            return (false, null);
        return (true, Open(payload, static inner => Text(inner, "nonce")));
    }

    private static string? Open(JsonElement json, Func<JsonElement, string?> read)
    {
        if (json.ValueKind != JsonValueKind.String)
            return json.ValueKind == JsonValueKind.Object ? read(json) : null;
        using JsonDocument inner = JsonDocument.Parse(
            Encoding.UTF8.GetBytes(json.GetString()!), new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
        return inner.RootElement.ValueKind == JsonValueKind.Object ? read(inner.RootElement) : null;
    }

    private static string? Text(JsonElement json, string name) =>
        !json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new FormatException($"{name} is no string");
}

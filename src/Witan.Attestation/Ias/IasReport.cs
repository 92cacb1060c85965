using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// The body of an EPID attestation verification report, as Intel's attestation service gave it. Parsing says that it can be
/// read, nothing about its truth: <see cref="IasVerifier"/> asks whether Intel signed these bytes.
/// </summary>
public sealed class IasReport
{
    /// <summary>Largest body that is read, in bytes.</summary>
    public const int MaximumSize = 64 * 1024;

    private IasReport(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The body, byte for byte: what the signature covers.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary><c>id</c>: the report's number.</summary>
    public string Id { get; private init; } = "";

    /// <summary><c>timestamp</c>, UTC: when the service judged the quote.</summary>
    public DateTimeOffset Timestamp { get; private init; }

    /// <summary><c>version</c> of the service's interface, 3 to 5; 2 where the member is missing, as in reports before 2018.</summary>
    public int Version { get; private init; }

    /// <summary><c>isvEnclaveQuoteStatus</c> in the service's spelling.</summary>
    public string StatusText { get; private init; } = "";

    /// <summary>The status; null for a word that is none of the ten. Such a report is never good.</summary>
    public IasQuoteStatus? Status => IasQuoteStatuses.Of(StatusText);

    /// <summary><c>isvEnclaveQuoteBody</c>: the quote.</summary>
    public IasQuoteBody QuoteBody { get; private init; }

    /// <summary><c>platformInfoBlob</c>, undecoded; empty where there is none.</summary>
    public ReadOnlyMemory<byte> PlatformInfo { get; private init; }

    /// <summary><c>advisoryIDs</c> in the report's order; empty where the member is missing.</summary>
    public IReadOnlyList<string> AdvisoryIds { get; private init; } = [];

    /// <summary><c>advisoryURL</c>; null where there is none.</summary>
    public string? AdvisoryUrl { get; private init; }

    /// <summary><c>epidPseudonym</c>, base64: links reports of one platform under one basename. Identifying; null where there is none.</summary>
    public string? EpidPseudonym { get; private init; }

    /// <summary><c>revocationReason</c>, an X.509 reason code; null where there is none.</summary>
    public int? RevocationReason { get; private init; }

    /// <summary><c>nonce</c> of the request; null where there is none. Up to 32 characters.</summary>
    public string? Nonce { get; private init; }

    /// <summary><c>pseManifestStatus</c>; null where there is none.</summary>
    public string? PseManifestStatus { get; private init; }

    /// <summary><c>pseManifestHash</c>, hexadecimal; null where there is none.</summary>
    public string? PseManifestHash { get; private init; }

    /// <summary><c>tcbEvaluationDataNumber</c>, from version 5 on; null where there is none.</summary>
    public int? EvaluationDataNumber { get; private init; }

    /// <summary>Reads a body. On false the refusal names the member, and the offset where the JSON itself breaks.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out IasReport? report, [NotNullWhen(false)] out Finding? refusal)
    {
        report = null;
        refusal = null;
        if (body.Length > MaximumSize)
        {
            refusal = Refuse("IAS_REPORT_TOO_LARGE", $"the report has {body.Length} bytes; at most {MaximumSize} are read");
            return false;
        }

        try
        {
            using JsonDocument document = SignedJson.Parse(body);
            report = Read(body, document.RootElement);
            return true;
        }
        catch (JsonException e)
        {
            // The reader speaks of the place within the line; these bodies are one line.
            refusal = Refuse("IAS_REPORT_FORMAT", "the report is no JSON") with { Offset = (int?)e.BytePositionInLine };
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            refusal = Refuse("IAS_REPORT_FORMAT", $"the report cannot be read: {e.Message}");
        }

        return false;
    }

    private static IasReport Read(ReadOnlyMemory<byte> bytes, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object");
        byte[] quote = StrictText.Base64(SignedJson.Text(root, "isvEnclaveQuoteBody")) ?? throw new FormatException("member isvEnclaveQuoteBody is no canonical base64");
        if (quote.Length != IasQuoteBody.Size)
            throw new FormatException($"member isvEnclaveQuoteBody has {quote.Length} bytes, not {IasQuoteBody.Size}");
        int version = root.TryGetProperty("version", out _) ? SignedJson.Number(root, "version", 1000) : 2;
        if (version is < 2 or > 5)
            throw new FormatException($"version {version} is not known; 2 to 5 are");
        return new IasReport(bytes)
        {
            Id = SignedJson.Text(root, "id"),
            Timestamp = Time(SignedJson.Text(root, "timestamp")),
            Version = version,
            StatusText = Short(SignedJson.Text(root, "isvEnclaveQuoteStatus"), "isvEnclaveQuoteStatus", 64),
            QuoteBody = new IasQuoteBody(quote),
            PlatformInfo = Optional(root, "platformInfoBlob", 4096) is { } hex ? StrictText.Hex(hex) ?? throw new FormatException("member platformInfoBlob is no hexadecimal") : default,
            AdvisoryIds = SignedJson.Advisories(root),
            AdvisoryUrl = Optional(root, "advisoryURL", 2048),
            EpidPseudonym = Optional(root, "epidPseudonym", 1024),
            RevocationReason = root.TryGetProperty("revocationReason", out _) ? SignedJson.Number(root, "revocationReason", 255) : null,
            Nonce = Optional(root, "nonce", 64),
            PseManifestStatus = Optional(root, "pseManifestStatus", 64),
            PseManifestHash = Optional(root, "pseManifestHash", 128),
            EvaluationDataNumber = root.TryGetProperty("tcbEvaluationDataNumber", out _) ? SignedJson.Number(root, "tcbEvaluationDataNumber", int.MaxValue) : null,
        };
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.TryParseExact(
        text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
        ? time
        : throw new FormatException("member timestamp is no UTC time of the form YYYY-MM-DDThh:mm:ss.ffffff");

    private static string? Optional(JsonElement root, string name, int maximum) =>
        root.TryGetProperty(name, out _) ? Short(SignedJson.Text(root, name), name, maximum) : null;

    private static string Short(string text, string name, int maximum) =>
        text.Length > maximum ? throw new FormatException($"member {name} has {text.Length} characters; at most {maximum} are read")
        // The service sent none; shown to people, one would write lines of its own.
        : text.Any(char.IsControl) ? throw new FormatException($"member {name} holds control characters")
        : text;

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "attestation verification report",
        Actor = FindingActor.Sender,
        Remedy = "Send the report's body exactly as the service gave it.",
    };
}

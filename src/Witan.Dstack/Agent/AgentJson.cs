using System.Text.Json.Serialization;

namespace Witan.Dstack;

// The requests, as the agent's own field names have them. Bytes go as lower-case hexadecimal.
internal sealed record EmptyRequest;

internal sealed record GetKeyRequest(string Path, string Purpose, string Algorithm);

internal sealed record GetTlsKeyRequest(
    string Subject, IReadOnlyList<string> AltNames, bool UsageRaTls, bool UsageServerAuth, bool UsageClientAuth, long? NotBefore, long? NotAfter, bool WithAppInfo);

internal sealed record ReportDataRequest(string ReportData);

internal sealed record SignRequest(string Algorithm, string Data);

internal sealed record VerifyRequest(string Algorithm, string Data, string Signature, string PublicKey);

internal sealed record EmitEventRequest(string Event, string Payload);

internal sealed record AppKeyRequest(string Algorithm);

internal sealed record DeriveKeyRequest(
    string Path, string Subject, IReadOnlyList<string> AltNames, bool UsageRaTls, bool UsageServerAuth, bool UsageClientAuth, bool RandomSeed);

internal sealed record TdxQuoteRequest(string ReportData, string HashAlgorithm, string Prefix);

internal sealed record EmptyAnswer;

internal sealed record ErrorAnswer(string? Error);

internal sealed record KeyAnswer([property: JsonConverter(typeof(HexJsonConverter))] byte[] Key, IReadOnlyList<string> SignatureChain);

internal sealed record K256KeyAnswer(
    [property: JsonPropertyName("k256_key"), JsonConverter(typeof(HexJsonConverter))] byte[] Key,
    [property: JsonPropertyName("k256_signature_chain")] IReadOnlyList<string> SignatureChain);

internal sealed record TlsKeyAnswer([property: JsonConverter(typeof(SecretTextJsonConverter))] char[] Key, IReadOnlyList<string> CertificateChain);

internal sealed record VerifyAnswer(bool Valid);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(EmptyRequest))]
[JsonSerializable(typeof(GetKeyRequest))]
[JsonSerializable(typeof(GetTlsKeyRequest))]
[JsonSerializable(typeof(ReportDataRequest))]
[JsonSerializable(typeof(SignRequest))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(EmitEventRequest))]
[JsonSerializable(typeof(AppKeyRequest))]
[JsonSerializable(typeof(DeriveKeyRequest))]
[JsonSerializable(typeof(TdxQuoteRequest))]
[JsonSerializable(typeof(EmptyAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(K256KeyAnswer))]
[JsonSerializable(typeof(TlsKeyAnswer))]
[JsonSerializable(typeof(VerifyAnswer))]
[JsonSerializable(typeof(InfoResponse))]
[JsonSerializable(typeof(TcbInfo))]
[JsonSerializable(typeof(GetQuoteResponse))]
[JsonSerializable(typeof(AttestResponse))]
[JsonSerializable(typeof(GpuInfoResponse))]
[JsonSerializable(typeof(SignResponse))]
[JsonSerializable(typeof(VersionResponse))]
[JsonSerializable(typeof(TdxQuoteResponse))]
internal sealed partial class AgentJson : JsonSerializerContext;

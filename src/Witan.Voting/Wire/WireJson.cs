using System.Text.Json.Serialization;

namespace Witan.Voting.Wire;

/// <summary>
/// The JSON form of what goes between coordinator, workers, trustees and clients: the same strict rules as for the record.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16,
    Converters = [typeof(HexConverter), typeof(PointConverter), typeof(ScalarConverter), typeof(TimeConverter)])]
[JsonSerializable(typeof(NonceRequest))]
[JsonSerializable(typeof(Nonce))]
[JsonSerializable(typeof(AdmissionRequest))]
[JsonSerializable(typeof(AdmissionGrant))]
[JsonSerializable(typeof(PeerEvidence))]
[JsonSerializable(typeof(AssignmentPage))]
[JsonSerializable(typeof(CastRequest))]
[JsonSerializable(typeof(CastAnswer))]
[JsonSerializable(typeof(ProposalRequest))]
[JsonSerializable(typeof(ProposalPage))]
[JsonSerializable(typeof(RecordPage))]
[JsonSerializable(typeof(TrusteeMessage))]
[JsonSerializable(typeof(SharesPage))]
[JsonSerializable(typeof(DecryptionRequest))]
[JsonSerializable(typeof(TrusteeMemory))]
public sealed partial class WireJson : JsonSerializerContext;

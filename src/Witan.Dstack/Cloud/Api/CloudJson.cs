using System.Text.Json.Serialization;

namespace Witan.Dstack.Cloud;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32)]
[JsonSerializable(typeof(CvmInfo))]
[JsonSerializable(typeof(CvmPage))]
[JsonSerializable(typeof(IReadOnlyList<CvmInfo>))]
[JsonSerializable(typeof(CvmState))]
[JsonSerializable(typeof(CvmNetwork))]
[JsonSerializable(typeof(CvmAttestation))]
[JsonSerializable(typeof(CvmComposition))]
[JsonSerializable(typeof(ProvisionRequest))]
[JsonSerializable(typeof(ProvisionResult))]
[JsonSerializable(typeof(ComposeFileRequest))]
[JsonSerializable(typeof(EnvironmentKey))]
[JsonSerializable(typeof(CommitRequest))]
[JsonSerializable(typeof(UpdateRequest))]
internal sealed partial class CloudJson : JsonSerializerContext;

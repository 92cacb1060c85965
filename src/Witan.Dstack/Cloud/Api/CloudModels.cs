using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Dstack.Cloud;

/// <summary>One CVM as the platform describes it. Fields that a version of the API does not send are null.</summary>
public sealed record CvmInfo
{
    /// <summary>The platform's id: a number, <c>cvm_…</c> or a uuid, depending on the version.</summary>
    [JsonConverter(typeof(TextOrNumberConverter))]
    public string? Id { get; init; }

    /// <summary>Uuid of the virtual machine.</summary>
    public string? VmUuid { get; init; }

    /// <summary>The name given at deployment.</summary>
    public string? Name { get; init; }

    /// <summary>State in the platform's words: <c>starting</c>, <c>running</c>, <c>stopped</c>, …</summary>
    public string? Status { get; init; }

    /// <summary>Whether an operation is under way; null where the version does not say.</summary>
    public bool? InProgress { get; init; }

    /// <summary>App id, 40 hexadecimal digits.</summary>
    public string? AppId { get; init; }

    /// <summary>Instance id, 40 hexadecimal digits.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Compose hash in force, 64 hexadecimal digits.</summary>
    public string? ComposeHash { get; init; }

    /// <summary>Size of the machine, for example <c>tdx.small</c>.</summary>
    public string? InstanceType { get; init; }

    /// <summary>Where the app can be reached.</summary>
    public IReadOnlyList<CvmEndpoint>? Endpoints { get; init; }

    /// <summary>The older name of <see cref="Endpoints"/>.</summary>
    public IReadOnlyList<CvmEndpoint>? PublicUrls { get; init; }

    /// <summary>The gateway in front of it.</summary>
    public CvmGateway? Gateway { get; init; }

    /// <summary>Where its log can be read, with a token in it: a secret.</summary>
    public string? SyslogEndpoint { get; init; }

    /// <summary>The id to use in paths.</summary>
    [JsonIgnore]
    public string Key => VmUuid ?? Id ?? (AppId is null ? null : "app_" + AppId) ?? Name ?? "";
}

/// <summary>Public addresses of one port.</summary>
/// <param name="App">Any instance of the app.</param>
/// <param name="Instance">This instance.</param>
public sealed record CvmEndpoint(string? App, string? Instance);

/// <summary>The gateway in front of a CVM.</summary>
/// <param name="BaseDomain">Domain below which endpoints get their names.</param>
public sealed record CvmGateway(string? BaseDomain);

/// <summary>State of a CVM at one moment.</summary>
public sealed record CvmState
{
    /// <summary>State in the platform's words.</summary>
    public string? Status { get; init; }

    /// <summary>What booting is at, in the platform's words.</summary>
    public string? BootProgress { get; init; }

    /// <summary>Why it could not boot; null while nothing is wrong.</summary>
    public string? BootError { get; init; }

    /// <summary>Instance id, 40 hexadecimal digits.</summary>
    public string? InstanceId { get; init; }

    /// <summary>A word that ends in "ing" other than "running", and any unknown word, is on its way to something else.</summary>
    [JsonIgnore]
    public bool IsRunning => string.Equals(Status, "running", StringComparison.OrdinalIgnoreCase);
}

/// <summary>How a CVM is connected.</summary>
public sealed record CvmNetwork
{
    /// <summary>Whether the gateway has seen it.</summary>
    public bool? IsOnline { get; init; }

    /// <summary>What is wrong with it.</summary>
    public string? Error { get; init; }

    /// <summary>Public addresses.</summary>
    public IReadOnlyList<CvmEndpoint>? PublicUrls { get; init; }
}

/// <summary>Answer to a provision request: nothing runs yet, and nothing is charged. Kept by the platform for 14 days.</summary>
public sealed record ProvisionResult
{
    /// <summary>App id, 40 hexadecimal digits; null where a chain must give it first.</summary>
    public string? AppId { get; init; }

    /// <summary>X25519 public key for the environment, 64 hexadecimal digits.</summary>
    public string? AppEnvEncryptPubkey { get; init; }

    /// <summary>The compose hash that the platform will measure.</summary>
    public string? ComposeHash { get; init; }

    /// <summary>The key service chosen.</summary>
    public KmsInfo? KmsInfo { get; init; }

    /// <summary>Id of the key service chosen.</summary>
    [JsonConverter(typeof(TextOrNumberConverter))]
    public string? KmsId { get; init; }

    /// <summary>Size of the machine chosen.</summary>
    public string? InstanceType { get; init; }

    /// <summary>Hash of the guest image chosen.</summary>
    public string? OsImageHash { get; init; }

    /// <summary>Platform family of the machine chosen, 12 hexadecimal digits: whose collateral its evidence needs.</summary>
    public string? Fmspc { get; init; }
}

/// <summary>A key service.</summary>
public sealed record KmsInfo
{
    /// <summary>Its id.</summary>
    [JsonConverter(typeof(TextOrNumberConverter))]
    public string? Id { get; init; }

    /// <summary>Its name in paths.</summary>
    public string? Slug { get; init; }

    /// <summary>The chain it lives on, or null for the platform's own.</summary>
    public long? ChainId { get; init; }
}

/// <summary>The signed key to encrypt an app's environment to.</summary>
public sealed record EnvironmentKey
{
    /// <summary>X25519 public key, 64 hexadecimal digits.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Legacy signature of the KMS, 65 bytes in hexadecimal.</summary>
    public string? Signature { get; init; }

    /// <summary>Seconds since 1970 that <see cref="SignatureV1"/> covers.</summary>
    public long? Timestamp { get; init; }

    /// <summary>Signature of the KMS that covers the time as well.</summary>
    public string? SignatureV1 { get; init; }
}

/// <summary>What a CVM answers for its evidence through the platform.</summary>
public sealed record CvmAttestation
{
    /// <summary>Whether it could be asked.</summary>
    public bool? IsOnline { get; init; }

    /// <summary>What is wrong.</summary>
    public string? Error { get; init; }

    /// <summary>Measurements, event log and app-compose.</summary>
    public CvmTcbInfo? TcbInfo { get; init; }
}

/// <summary>The measured facts of a CVM, as the platform passes them on (not verified).</summary>
/// <param name="AppCompose">The envelope, byte for byte as it was measured.</param>
public sealed record CvmTcbInfo(string? AppCompose);

/// <summary>One container of a CVM.</summary>
/// <param name="LogEndpoint">Where its log can be read, with a token in it: a secret.</param>
public sealed record CvmContainer(string? LogEndpoint)
{
    /// <summary>Names under which the engine knows it.</summary>
    public IReadOnlyList<string>? Names { get; init; }
}

internal sealed record CvmComposition(IReadOnlyList<CvmContainer>? Containers);

internal sealed record CvmPage(IReadOnlyList<CvmInfo>? Items);

/// <summary>Reads a text or a number as text: ids were numbers in some versions of the API.</summary>
internal sealed class TextOrNumberConverter : JsonConverter<string?>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number when reader.TryGetInt64(out long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        JsonTokenType.Null => null,
        _ => throw new JsonException("an id must be a text or a whole number"),
    };

    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

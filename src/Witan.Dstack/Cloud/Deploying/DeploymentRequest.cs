using System.Security.Cryptography;
using System.Text.Json;

namespace Witan.Dstack.Cloud;

/// <summary>What is to run under a name, whether it is there already or not.</summary>
public sealed record DeploymentRequest
{
    /// <summary>The name that makes a deployment the same one: 5 to 63 letters, digits and single hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>The docker-compose file, character for character.</summary>
    public required string DockerComposeFile { get; init; }

    /// <summary>The variables to encrypt. Values are secrets: they are encrypted, sent, and kept nowhere.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Send the values again although nothing else changed. The platform never gives values back, so they cannot be compared.</summary>
    public bool UpdateEnvironment { get; init; }

    /// <summary>
    /// The key service that may sign the environment key: its compressed secp256k1 key in hexadecimal, <c>0x</c> optional. Without it no
    /// secret is sent.
    /// </summary>
    public string? TrustedKmsKey { get; init; }

    /// <summary>Size of the machine.</summary>
    public string InstanceType { get; init; } = "tdx.small";

    /// <summary>Size of the disk in GB, or null for the platform's choice.</summary>
    public int? DiskSize { get; init; }

    /// <summary>Where to run, or null for the platform's choice.</summary>
    public string? Region { get; init; }

    /// <summary>Guest image by name, or null for the platform's choice.</summary>
    public string? OsImage { get; init; }

    /// <summary>A script that runs before the containers, or null.</summary>
    public string? PreLaunchScript { get; init; }

    /// <summary>Whether anybody may read container logs.</summary>
    public bool PublicLogs { get; init; }

    /// <summary>Whether anybody may read system information.</summary>
    public bool PublicSystemInformation { get; init; }

    internal IReadOnlyList<string> Names => [.. Environment.Keys.Order(StringComparer.Ordinal)];

    internal ProvisionRequest ToProvision() => new()
    {
        Name = Name,
        ComposeFile = ToComposeFile(),
        InstanceType = InstanceType,
        DiskSize = DiskSize,
        Region = Region,
        Image = OsImage,
        EnvKeys = Names,
    };

    internal ComposeFileRequest ToComposeFile() => new()
    {
        DockerComposeFile = DockerComposeFile,
        AllowedEnvs = Names,
        PreLaunchScript = PreLaunchScript,
        PublicLogs = PublicLogs,
        PublicSysinfo = PublicSystemInformation,
    };

    /// <summary>SHA-256 of all that is asked for, names of variables included and values not: tells two requests apart.</summary>
    internal string Fingerprint() =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(ToProvision(), CloudJson.Default.ProvisionRequest)));
}

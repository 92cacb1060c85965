namespace Witan.Dstack.Cloud;

/// <summary>What is to run: the body of a provision request.</summary>
public sealed record ProvisionRequest
{
    /// <summary>5 to 63 letters, digits and single hyphens; begins with a letter, ends with a letter or digit.</summary>
    public required string Name { get; init; }

    /// <summary>Compose text and settings.</summary>
    public required ComposeFileRequest ComposeFile { get; init; }

    /// <summary>Size of the machine.</summary>
    public string InstanceType { get; init; } = "tdx.small";

    /// <summary>Size of the disk in GB, or null for the platform's choice.</summary>
    public int? DiskSize { get; init; }

    /// <summary>Where to run, or null for the platform's choice.</summary>
    public string? Region { get; init; }

    /// <summary>Guest image by name, or null for the platform's choice.</summary>
    public string? Image { get; init; }

    /// <summary>Names of the variables that will be encrypted.</summary>
    public IReadOnlyList<string>? EnvKeys { get; init; }
}

/// <summary>The compose text and the settings that are measured with it.</summary>
public sealed record ComposeFileRequest
{
    /// <summary>Name inside the envelope.</summary>
    public string Name { get; init; } = "";

    /// <summary>The docker-compose file, character for character.</summary>
    public required string DockerComposeFile { get; init; }

    /// <summary>Names of the variables that the guest lets through.</summary>
    public required IReadOnlyList<string> AllowedEnvs { get; init; }

    /// <summary>A script that runs before the containers, or null.</summary>
    public string? PreLaunchScript { get; init; }

    /// <summary>Whether anybody may read container logs.</summary>
    public bool PublicLogs { get; init; }

    /// <summary>Whether anybody may read system information.</summary>
    public bool PublicSysinfo { get; init; }

    /// <summary>Whether the gateway publishes it.</summary>
    public bool GatewayEnabled { get; init; } = true;

    /// <summary>Whether keys come from the key service.</summary>
    public bool KmsEnabled { get; init; } = true;

    /// <summary>Whether the names of the variables change (update requests only).</summary>
    public bool? UpdateEnvVars { get; init; }
}

internal sealed record CommitRequest(string AppId, string ComposeHash)
{
    public string? EncryptedEnv { get; init; }

    public IReadOnlyList<string>? EnvKeys { get; init; }

    public string? KmsId { get; init; }
}

internal sealed record UpdateRequest(string ComposeHash)
{
    public string? EncryptedEnv { get; init; }

    public IReadOnlyList<string>? EnvKeys { get; init; }

    public bool? UpdateEnvVars { get; init; }
}

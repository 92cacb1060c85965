using System.Text.Json.Serialization;

namespace Witan.Attestation;

/// <summary>Status of a TCB level, spelled as Intel does.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TcbStatus>))]
public enum TcbStatus
{
    /// <summary>Nothing known against it.</summary>
    UpToDate,

    /// <summary>The software in the TEE needs mitigations.</summary>
    SWHardeningNeeded,

    /// <summary>The platform needs another configuration.</summary>
    ConfigurationNeeded,

    /// <summary>Both of the above.</summary>
    ConfigurationAndSWHardeningNeeded,

    /// <summary>The platform's firmware is behind.</summary>
    OutOfDate,

    /// <summary>Behind, and needs another configuration.</summary>
    OutOfDateConfigurationNeeded,

    /// <summary>The level is revoked.</summary>
    Revoked,

    /// <summary>The host was updated under the running TD; relaunching it makes it good.</summary>
    RelaunchAdvised,

    /// <summary>As <see cref="RelaunchAdvised"/>, and the platform needs another configuration.</summary>
    RelaunchAdvisedConfigurationNeeded,
}

namespace Witan.Dstack.ComposeCheck;

/// <summary>What a compose file is checked against. The defaults are those of <c>witan compose check</c>.</summary>
public sealed record ComposeCheckOptions
{
    /// <summary>Treat <c>:latest</c> and untagged images as errors: the measured text then does not say which image ran.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// The environment variables that will be encrypted and allowed (<c>allowed_envs</c>), or null where nothing is known of them; then
    /// every <c>${VAR}</c> without a default is taken to be one that the deployment will supply.
    /// </summary>
    public IReadOnlySet<string>? EnvironmentNames { get; init; }

    /// <summary>The pre-launch script that goes into the same envelope; empty for none, null where that is left to the platform.</summary>
    public string? PreLaunchScript { get; init; }

    /// <summary>Whether container logs will be public.</summary>
    public bool PublicLogs { get; init; }

    /// <summary>Whether system information will be public.</summary>
    public bool PublicSystemInformation { get; init; }

    /// <summary>Whether the gateway will be on; null where that is not decided, then a missing port is not reported.</summary>
    public bool? Gateway { get; init; }

    /// <summary>Name of the guest's operating system image, for example <c>dstack-dev-0.5.4</c>, or null where not known.</summary>
    public string? OsImage { get; init; }

    /// <summary>The compose hash that an envelope must have, 64 hexadecimal digits in lower case; null where any will do.</summary>
    public string? ExpectedComposeHash { get; init; }
}

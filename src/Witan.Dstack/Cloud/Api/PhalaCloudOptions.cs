namespace Witan.Dstack.Cloud;

/// <summary>Where the Phala Cloud API is, and how to speak to it.</summary>
public sealed record PhalaCloudOptions
{
    /// <summary>The service as published: <c>https://cloud-api.phala.com/api/v1</c>.</summary>
    public static readonly Uri PublicAddress = new("https://cloud-api.phala.com/api/v1");

    /// <summary>Base address, the version part included.</summary>
    public Uri Address { get; init; } = PublicAddress;

    /// <summary>Value of the <c>X-Phala-Version</c> header.</summary>
    public string Version { get; init; } = "2026-01-21";

    /// <summary>How long one request may take, its body included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a request that only reads is sent again after 429, 502, 503, 504 or a broken connection. Requests that change
    /// something are never sent again by the client.
    /// </summary>
    public int Retries { get; init; } = 3;

    /// <summary>The longest pause before sending again, whatever the service asks for.</summary>
    public TimeSpan MaximumPause { get; init; } = TimeSpan.FromSeconds(30);
}

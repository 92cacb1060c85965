namespace Witan.Dstack;

/// <summary>What a TLS certificate of the app's authority shall say.</summary>
public sealed record TlsKeyOptions
{
    /// <summary>Common name.</summary>
    public string Subject { get; init; } = "";

    /// <summary>DNS names, and IP addresses as text, in this order.</summary>
    public IReadOnlyList<string> AltNames { get; init; } = [];

    /// <summary>Whether the certificate carries evidence that binds its key. <value>The default value is false.</value></summary>
    public bool RaTls { get; init; }

    /// <summary>Whether it may be a server's. <value>The default value is true, as in the other SDKs.</value></summary>
    public bool ServerAuth { get; init; } = true;

    /// <summary>Whether it may be a client's. <value>The default value is false.</value></summary>
    public bool ClientAuth { get; init; }

    /// <summary>Begin of validity, in whole seconds. <value>The default value is null: the agent's choice.</value></summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>End of validity, in whole seconds. <value>The default value is null: the agent's choice, ten years.</value></summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Whether it carries the app's identity values. <value>The default value is false.</value></summary>
    public bool AppInfo { get; init; }

    // Fields that agents before 0.5.7 read over.
    internal bool NeedsVersion => NotBefore is not null || NotAfter is not null || AppInfo;
}

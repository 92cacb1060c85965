namespace Witan.Voting;

/// <summary>
/// The evidence of an agent as its guest agent gave it. Anyone can verify it: with the fields that its report data binds, and
/// collateral for the platform.
/// </summary>
/// <param name="Instance">The instance that it says it is; compared with what the event log measured.</param>
/// <param name="Quote">The quote in hexadecimal.</param>
/// <param name="EventLog">JSON text of the event log.</param>
/// <param name="Config">vm_config as JSON text; empty where the guest agent gives none.</param>
public sealed record AgentEvidence(string Instance, string Quote, string EventLog, string Config)
{
    /// <summary>Longest quote, in hexadecimal digits.</summary>
    public const int MaximumQuote = 64 << 10;

    /// <summary>Longest event log and longest configuration, in characters.</summary>
    public const int MaximumText = 128 << 10;

    /// <summary>LOCAL_MODE: none.</summary>
    public static AgentEvidence None { get; } = new("local", "", "", "");

    /// <summary>Whether there is any.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsNone => Quote.Length == 0;

    /// <summary>The identity of these bytes. Quotes are malleable, so it says which bytes were seen and never whether they are new.</summary>
    public Digest Hash() => new CanonicalWriter(DomainTags.Evidence).Text(Instance).Text(Quote).Text(EventLog).Text(Config).Hash();

    /// <summary>What is wrong with its form, one sentence; null where it may be looked at.</summary>
    public string? Problem() =>
        Instance.Length is 0 or > 80 ? "instance: 1 to 80 characters"
        : Quote.Length > MaximumQuote ? $"quote: at most {MaximumQuote} digits"
        : EventLog.Length > MaximumText || Config.Length > MaximumText ? $"event log and configuration: at most {MaximumText} characters"
        : null;
}

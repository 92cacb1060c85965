namespace Witan.Dstack;

/// <summary>How to reach the guest agent.</summary>
public sealed class DstackClientOptions
{
    /// <summary>
    /// A socket path or an http address.
    /// <value>The default value is null: resolved by <see cref="DstackEndpoint.Resolve(string?)"/>.</value>
    /// </summary>
    public string? Endpoint { get; set; }

    /// <summary>
    /// Bounds each call from connecting to the last byte. Quotes are made one at a time inside the agent, so many callers wait.
    /// <value>The default value is 30 seconds.</value>
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Largest answer that is read, in bytes.
    /// <value>The default value is 32 MiB: an attestation has at most 10 MiB and is sent in hexadecimal.</value>
    /// </summary>
    public int MaximumAnswerBytes { get; set; } = 32 << 20;

    /// <summary>The effective values, for a log.</summary>
    public override string ToString() =>
        $"{DstackEndpoint.Effective(Endpoint)}, timeout {Timeout.TotalSeconds:0.###} s, answers of at most {MaximumAnswerBytes} bytes";
}

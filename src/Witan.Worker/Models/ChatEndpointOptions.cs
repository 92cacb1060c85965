namespace Witan.Worker.Models;

/// <summary>An OpenAI-compatible chat completion service: NEAR AI, Phala's GPU TEE inference, Ollama, or any other.</summary>
public sealed record ChatEndpointOptions
{
    /// <summary>
    /// The base address below which <c>chat/completions</c> lies, for example <c>https://cloud-api.near.ai/v1/</c>. A missing
    /// final slash is added.
    /// </summary>
    public required Uri BaseAddress { get; init; }

    /// <summary>The model's id at that service.</summary>
    public required string Model { get; init; }

    /// <summary>Bearer token. Null sends none. Never logged.</summary>
    public string? ApiKey { get; init; }

    /// <summary>How long one call may take, from sending to the last byte.</summary>
    /// <value>The default value is 90 seconds; published answers take 25 to 80.</value>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Longest answer that is read, in bytes. A longer one ends the call.</summary>
    /// <value>The default value is 1 MiB.</value>
    public int MaximumAnswerBytes { get; init; } = 1 << 20;

    /// <summary>Ask for the answer as a stream of server-sent events.</summary>
    /// <value>The default value is false.</value>
    public bool Stream { get; init; }

    /// <summary>Sampling temperature. Null leaves it to the service.</summary>
    /// <value>The default value is 0: the same proposal should find the same mind.</value>
    public float? Temperature { get; init; } = 0;

    /// <summary>
    /// Refuse aliases: sends <c>x-no-aliasing: true</c>, so that the model named in a signed answer is the one asked for
    /// (NEAR AI).
    /// </summary>
    public bool RefuseAliases { get; init; }

    internal Uri Address(string relative)
    {
        string text = BaseAddress.AbsoluteUri;
        return new Uri(new Uri(text.EndsWith('/') ? text : text + "/"), relative);
    }
}

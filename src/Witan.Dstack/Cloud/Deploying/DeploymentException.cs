namespace Witan.Dstack.Cloud;

/// <summary>A deployment cannot go on, for a reason that is not the API's. The message is a sentence, the remedy says what to do.</summary>
public sealed class DeploymentException(string message, string remedy) : Exception(message)
{
    /// <summary>What to do about it, one sentence.</summary>
    public string Remedy { get; } = remedy;
}

namespace Witan.Coordinator;

/// <summary>How a coordinator runs. Every value is checked at start.</summary>
public sealed record CoordinatorOptions
{
    /// <summary>Where it listens.</summary>
    /// <value>The default value is 127.0.0.1.</value>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>Port.</summary>
    /// <value>The default value is 3000.</value>
    public int Port { get; init; } = 3000;

    /// <summary>Directory for the store and, in LOCAL_MODE, the key.</summary>
    public required string State { get; init; }

    /// <summary>Value of LOCAL_MODE; exactly <c>true</c> turns it on.</summary>
    public string? LocalMode { get; init; }

    /// <summary>The guest agent's socket; null looks at the usual places.</summary>
    public string? Socket { get; init; }

    /// <summary>PEM file of a development root; null trusts Intel.</summary>
    public string? DevelopmentRoot { get; init; }

    /// <summary>Collateral file for the platforms of workers and trustees; needed outside LOCAL_MODE.</summary>
    public string? Collateral { get; init; }

    /// <summary>Policy: phala, phala-docs, strict, or a file (witan.policy/1).</summary>
    /// <value>The default value is phala.</value>
    public string Policy { get; init; } = "phala";

    /// <summary>Worst confidence level that is admitted.</summary>
    /// <value>The default value is 5.</value>
    public int WorstLevel { get; init; } = 5;

    /// <summary>Ed25519 keys of those who may propose, in hexadecimal. In LOCAL_MODE an empty list allows everyone on this machine.</summary>
    public IReadOnlyList<string> Requesters { get; init; } = [];

    /// <summary>Fewest workers on a roster; null takes the policy's.</summary>
    public int? MinimumWorkers { get; init; }

    /// <summary>Most workers on a roster; null takes the policy's.</summary>
    public int? MaximumWorkers { get; init; }

    /// <summary>How long a task is leased before it is given again.</summary>
    /// <value>The default value is 30 seconds.</value>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where decisions are settled.</summary>
    /// <value>The default value is local-record.</value>
    public string Target { get; init; } = "local-record";
}

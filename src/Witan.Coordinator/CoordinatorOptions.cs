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

    /// <summary>
    /// Where records are kept: null for one file in <see cref="State"/>, or a <c>postgres://</c> URL, which any number of coordinators
    /// may share that have the same key. It may carry a password: what is printed of it is masked.
    /// </summary>
    public string? Store { get; init; }

    /// <summary>Value of LOCAL_MODE; exactly <c>true</c> turns it on.</summary>
    public string? LocalMode { get; init; }

    /// <summary>The guest agent's socket; null looks at the usual places.</summary>
    public string? Socket { get; init; }

    /// <summary>PEM file of a development root; null trusts Intel.</summary>
    public string? DevelopmentRoot { get; init; }

    /// <summary>Collateral for the platforms of workers and trustees, a file or its JSON; needed outside LOCAL_MODE.</summary>
    public string? Collateral { get; init; }

    /// <summary>Policy: phala, phala-docs, strict, a file (witan.council-policy/1), or its JSON.</summary>
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

    /// <summary>How many agents of one proposal may run on one platform, 0 for no limit; null takes the policy's.</summary>
    public int? InstancesPerPlatform { get; init; }

    /// <summary>How long a task is leased before it is given again.</summary>
    /// <value>The default value is 30 seconds.</value>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>PEM file with the TLS certificate chain, leaf first; null listens without TLS.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>PEM file with the certificate's private key.</summary>
    public string? TlsKey { get; init; }

    /// <summary>How long what is in work may take after the word to stop.</summary>
    /// <value>The default value is 8 seconds: below the ten that container engines give.</value>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Where decisions are settled: <c>local-record</c>, or <c>webhook:https://HOST/PATH</c>.</summary>
    /// <value>The default value is local-record.</value>
    public string Target { get; init; } = "local-record";

    /// <summary>
    /// Requests a second that one address may send without an agent's name, and each admitted agent from one address; twice as many at once. 0
    /// for no limit. Behind a gateway all strangers have its address.
    /// </summary>
    /// <value>The default value is 1000.</value>
    public int RequestsPerSecond { get; init; } = 1000;

    /// <summary>Connections that are open at once; more are closed at once.</summary>
    /// <value>The default value is 20000.</value>
    public int MaximumConnections { get; init; } = 20_000;

    /// <summary>Whether <c>/metrics</c> answers everyone. Else it answers only this machine, over a connection from its loopback address.</summary>
    /// <value>The default value is false.</value>
    public bool Metrics { get; init; }

    /// <summary>Where a setting came from, by the name of its property: <c>option</c> or <c>environment</c>; the others are defaults. Printed at start.</summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

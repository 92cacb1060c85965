namespace Witan.Machine;

/// <summary>What a probe looks at, and how far it may go.</summary>
public sealed record ProbeOptions
{
    /// <summary>The directory that stands for the file system.</summary>
    /// <value>The default value is <c>/</c>, the machine itself.</value>
    public string Root { get; init; } = "/";

    /// <summary>A recording whose CPUID leaves stand for the processor's own; null asks the processor.</summary>
    public MachineSnapshot? Processor { get; init; }

    /// <summary>Whether requests may be made that store keys or use the network.</summary>
    /// <value>The default value is false.</value>
    public bool Attest { get; init; }

    /// <summary>A directory with an enclave signed by Intel (one <c>.sgxs</c> and one <c>.sig</c>); null skips that test.</summary>
    public string? WhitelistedEnclave { get; init; }

    /// <summary>How to start this program again: file and first arguments. Null leaves out what needs a child process.</summary>
    public IReadOnlyList<string>? Self { get; init; }

    /// <summary>Time limit of one step that talks to a service.</summary>
    /// <value>The default value is two seconds.</value>
    public TimeSpan ServiceLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time limit of a request that may store keys or use the network (<see cref="Attest"/>).</summary>
    /// <value>The default value is thirty seconds.</value>
    public TimeSpan AttestLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time limit of one child process.</summary>
    /// <value>The default value is ten seconds.</value>
    public TimeSpan ChildLimit { get; init; } = TimeSpan.FromSeconds(10);
}

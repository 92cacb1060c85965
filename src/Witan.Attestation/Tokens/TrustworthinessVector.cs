namespace Witan.Attestation;

/// <summary>What an attestation result says in one word.</summary>
public enum EarStatus
{
    /// <summary>Nothing can be said: something was missing, or the verifier failed.</summary>
    None = 0,

    /// <summary>Good.</summary>
    Affirming = 2,

    /// <summary>Good with reservations.</summary>
    Warning = 32,

    /// <summary>Not to be trusted.</summary>
    Contraindicated = 96,
}

/// <summary>
/// The eight claims of AR4SI, each a signed byte or null where nothing is claimed: -1 to 1 none, 2 to 31 affirming, 32 to 95 warning,
/// 96 to 127 contraindicated; private codes are the same below zero.
/// </summary>
public sealed record TrustworthinessVector
{
    /// <summary>Which instance it is: 2 recognised, 96 recognised and not trustworthy, 97 not recognised though it should be.</summary>
    public sbyte? InstanceIdentity { get; init; }

    /// <summary>2 approved, 3 no known vulnerability, 32 known vulnerabilities, 96 unsupportable.</summary>
    public sbyte? Configuration { get; init; }

    /// <summary>2 approved at boot and run time, 3 at boot, 33 unrecognised, 96 contraindicated.</summary>
    public sbyte? Executables { get; init; }

    /// <summary>2 approved, 32 unrecognised files, 96 contraindicated.</summary>
    public sbyte? FileSystem { get; init; }

    /// <summary>2 genuine, 32 genuine with known vulnerabilities, 96 contraindicated, 97 not recognised, 99 the cryptography failed.</summary>
    public sbyte? Hardware { get; init; }

    /// <summary>2 encrypted memory in a TEE, 32 isolated only, 96 visible.</summary>
    public sbyte? RuntimeOpaque { get; init; }

    /// <summary>2 hardware-backed keys, 32 other keys, 96 not encrypted.</summary>
    public sbyte? StorageOpaque { get; init; }

    /// <summary>2 trusted, 32 reservations, 96 contraindicated.</summary>
    public sbyte? SourcedData { get; init; }

    /// <summary>The status of the worst claim; a result's status is never better.</summary>
    public EarStatus Worst => Members.Select(member => member.Value is { } value ? StatusOf(value) : EarStatus.None).Max();

    internal static IReadOnlyList<string> Names { get; } =
        ["instance-identity", "configuration", "executables", "file-system", "hardware", "runtime-opaque", "storage-opaque", "sourced-data"];

    internal IEnumerable<(string Name, sbyte? Value)> Members => Names.Zip(
        [InstanceIdentity, Configuration, Executables, FileSystem, Hardware, RuntimeOpaque, StorageOpaque, SourcedData], (name, value) => (name, value));

    internal static TrustworthinessVector Of(IReadOnlyList<sbyte?> values) => new()
    {
        InstanceIdentity = values[0],
        Configuration = values[1],
        Executables = values[2],
        FileSystem = values[3],
        Hardware = values[4],
        RuntimeOpaque = values[5],
        StorageOpaque = values[6],
        SourcedData = values[7],
    };

    private static EarStatus StatusOf(sbyte value) => value switch
    {
        >= 96 or <= -97 => EarStatus.Contraindicated,
        >= 32 or <= -33 => EarStatus.Warning,
        >= 2 or <= -2 => EarStatus.Affirming,
        _ => EarStatus.None,
    };
}

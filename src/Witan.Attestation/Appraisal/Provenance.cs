using System.Text.Json.Serialization;

namespace Witan.Attestation;

/// <summary>
/// How much is known about where a platform stands and whose it is. A dimension of its own, never mixed into the confidence level: a
/// machine under physical attack can still be of level 1.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<Provenance>))]
public enum Provenance
{
    /// <summary>Unknown host.</summary>
    P0,

    /// <summary>Claimed by the operator: a statement, not evidence.</summary>
    P1,

    /// <summary>The platform's id, read from verified evidence, is on an allow-list.</summary>
    P2,

    /// <summary>The platform's id is endorsed by a cloud's host registry or by Proof of Cloud.</summary>
    P3,
}

/// <summary>One entry of a policy's list of platforms. Exactly one of the three ids is given.</summary>
public sealed record PlatformEntry
{
    /// <summary>SHA-256 of the 16 bytes of the PPID, 64 lower-case hexadecimal digits.</summary>
    public string? PpidHash { get; init; }

    /// <summary>Platform instance id, 32 lower-case hexadecimal digits.</summary>
    public string? PlatformInstanceId { get; init; }

    /// <summary>FMSPC, 12 lower-case hexadecimal digits. A family of machines and not a machine: never above <see cref="Provenance.P1"/>.</summary>
    public string? Fmspc { get; init; }

    /// <summary>What a match is worth.</summary>
    public required Provenance Provenance { get; init; }

    /// <summary>Where the entry comes from, for people; null where not said.</summary>
    public string? Source { get; init; }

    /// <summary>The id, named: for example <c>ppidHash 9f86…</c>.</summary>
    public string Id => PpidHash is not null ? $"ppidHash {PpidHash}" : PlatformInstanceId is not null ? $"platformInstanceId {PlatformInstanceId}" : $"fmspc {Fmspc}";
}

/// <summary>The provenance of the platform that made the evidence.</summary>
/// <param name="Level">P0 to P3.</param>
/// <param name="Evidence">Which entry matched, or why none did.</param>
public sealed record PlatformProvenance(Provenance Level, string Evidence);

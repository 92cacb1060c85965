using System.Collections.Immutable;

namespace Witan.Dstack.Evidence;

/// <summary>Registers of an OS image on a kind of machine, lower-case hexadecimal of 48 bytes each.</summary>
/// <param name="MrTd">MRTD.</param>
/// <param name="Rtmr1">RTMR1.</param>
/// <param name="Rtmr2">RTMR2.</param>
/// <param name="Rtmr0">RTMR0, which changes with the machine's size; null leaves it open.</param>
public sealed record OsImageRegisters(string MrTd, string Rtmr1, string Rtmr2, string? Rtmr0 = null);

/// <summary>
/// Which OS images are accepted. There is no default: whoever starts a TD chooses the image, and a guest's own events are worth no
/// more than the image that wrote them.
/// </summary>
public sealed record OsImageRule
{
    private OsImageRule()
    {
    }

    /// <summary>Accepts any image. Everything the events say then rests on an unknown operating system; the verdict warns.</summary>
    public static OsImageRule DangerousAny { get; } = new();

    /// <summary>Accepted image hashes, lower-case hexadecimal of 32 bytes. Counts only where the hash was measured.</summary>
    public ImmutableArray<string> Hashes { get; private init; } = [];

    /// <summary>Accepted registers.</summary>
    public ImmutableArray<OsImageRegisters> Registers { get; private init; } = [];

    /// <summary>Whether any image is accepted.</summary>
    public bool AcceptsAny => Hashes.IsEmpty && Registers.IsEmpty;

    /// <summary>Accepts images by their hash (lite guests, whose registers follow from the image offline).</summary>
    public static OsImageRule ByHash(params ReadOnlySpan<string> hashes) => hashes.IsEmpty
        ? throw new ArgumentException("at least one hash is needed; DangerousAny accepts every image", nameof(hashes))
        : new OsImageRule { Hashes = [.. hashes.ToArray().Select(hash => hash.ToLowerInvariant())] };

    /// <summary>Accepts images by their registers (any guest).</summary>
    public static OsImageRule ByRegisters(params ReadOnlySpan<OsImageRegisters> registers) => registers.IsEmpty
        ? throw new ArgumentException("at least one set of registers is needed; DangerousAny accepts every image", nameof(registers))
        : new OsImageRule { Registers = [.. registers] };

    /// <summary>Accepts what either rule accepts.</summary>
    public OsImageRule Or(OsImageRule other) => new() { Hashes = [.. Hashes, .. other.Hashes], Registers = [.. Registers, .. other.Registers] };
}

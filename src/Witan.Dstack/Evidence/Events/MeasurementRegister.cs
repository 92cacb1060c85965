using System.Security.Cryptography;

namespace Witan.Dstack.Evidence;

/// <summary>A measurement register: 48 bytes that start as zeros and only ever change to SHA-384(register ‖ digest).</summary>
public sealed class MeasurementRegister
{
    /// <summary>Size of a register, and of what extends it, in bytes.</summary>
    public const int Size = 48;

    private readonly byte[] _value = new byte[Size];

    /// <summary>The value now.</summary>
    public ReadOnlySpan<byte> Value => _value;

    /// <summary>Extends it. Throws <see cref="ArgumentException"/> for a digest of another size.</summary>
    public void Extend(ReadOnlySpan<byte> digest)
    {
        if (digest.Length != Size)
            throw new ArgumentException($"a register is extended with {Size} bytes, not {digest.Length}", nameof(digest));
        Span<byte> both = stackalloc byte[2 * Size];
        _value.CopyTo(both);
        digest.CopyTo(both[Size..]);
        SHA384.HashData(both, _value);
    }

    /// <summary>The value after a list of digests.</summary>
    public static byte[] Fold(IEnumerable<byte[]> digests)
    {
        var register = new MeasurementRegister();
        foreach (byte[] digest in digests)
            register.Extend(digest);
        return register._value;
    }

    /// <summary>RTMR3 after a list of runtime events.</summary>
    public static byte[] Replay(IEnumerable<RuntimeEvent> events) => Fold(events.Select(runtime => runtime.Digest()));
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Witan.Crypto;

/// <summary>
/// A point of P-256 in managed arithmetic, for public values only: its time depends on them. Decoding costs a third of
/// libcrypto's, and sums of many products share their work: see <see cref="P256PublicSum"/>. Never the identity.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct P256PublicPoint : IEquatable<P256PublicPoint>
{
    internal P256PublicPoint(P256Field x, P256Field y) => (X, Y) = (x, y);

    internal P256Field X { get; }

    internal P256Field Y { get; }

    /// <summary>Reads the 33-byte compressed form, as strictly as <see cref="P256Point.TryDecode"/>.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out P256PublicPoint point)
    {
        point = default;
        if (bytes.Length != P256Point.Size || bytes[0] is not (2 or 3) || P256Field.FromBytes(bytes[1..]) is not { } x)
            return false;
        // y^2 = x^3 - 3x + b
        if ((((x.Square() - P256Field.Three) * x) + P256Field.B).SquareRoot() is not { } y)
            return false;
        // P-256 has an odd number of points, so y is never zero and the two roots differ in their last bit.
        point = new P256PublicPoint(x, y.IsOdd == (bytes[0] == 3) ? y : -y);
        return true;
    }

    /// <summary>The same point. Throws <see cref="ArgumentException"/> for the identity.</summary>
    public static P256PublicPoint From(P256Point point)
    {
        if (point.IsIdentity)
            throw new ArgumentException("the identity has no coordinates", nameof(point));
        Span<byte> bytes = stackalloc byte[65];
        point.WriteUncompressedTo(bytes);
        return new P256PublicPoint(P256Field.FromBytes(bytes[1..33])!.Value, P256Field.FromBytes(bytes[33..])!.Value);
    }

    /// <summary>The 33-byte compressed form.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[P256Point.Size];
        bytes[0] = (byte)(Y.IsOdd ? 3 : 2);
        X.WriteTo(bytes.AsSpan(1));
        return bytes;
    }

    /// <inheritdoc />
    public bool Equals(P256PublicPoint other) => X.Equals(other.X) && Y.Equals(other.Y);

    /// <inheritdoc />
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is P256PublicPoint other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => X.GetHashCode();

    /// <summary>Equality of the points.</summary>
    public static bool operator ==(P256PublicPoint a, P256PublicPoint b) => a.Equals(b);

    /// <summary>Inequality of the points.</summary>
    public static bool operator !=(P256PublicPoint a, P256PublicPoint b) => !a.Equals(b);
}

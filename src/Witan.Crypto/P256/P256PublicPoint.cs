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
    /// <summary>Size of both coordinates in bytes.</summary>
    public const int CoordinatesSize = 64;

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

    /// <summary>Reads both coordinates, 64 bytes: no root is needed. False where one is not below the field prime, or the point is not on the curve.</summary>
    public static bool TryDecodeCoordinates(ReadOnlySpan<byte> bytes, out P256PublicPoint point)
    {
        point = default;
        if (bytes.Length != CoordinatesSize || P256Field.FromBytes(bytes[..32]) is not { } x || P256Field.FromBytes(bytes[32..]) is not { } y)
            return false;
        if (!y.Square().Equals(((x.Square() - P256Field.Three) * x) + P256Field.B))
            return false;
        point = new P256PublicPoint(x, y);
        return true;
    }

    /// <summary>The same point. Throws <see cref="ArgumentException"/> for the identity.</summary>
    public static P256PublicPoint From(P256Point point) =>
        point.IsIdentity ? throw new ArgumentException("the identity has no coordinates", nameof(point)) : point.ToPublic();

    /// <summary>The 33-byte compressed form.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[P256Point.Size];
        bytes[0] = (byte)(Y.IsOdd ? 3 : 2);
        X.WriteTo(bytes.AsSpan(1));
        return bytes;
    }

    /// <summary>Writes both coordinates, 32 bytes each.</summary>
    public void WriteCoordinatesTo(Span<byte> destination)
    {
        X.WriteTo(destination);
        Y.WriteTo(destination[32..]);
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

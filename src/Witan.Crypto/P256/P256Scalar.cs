using System.Security.Cryptography;

namespace Witan.Crypto;

/// <summary>
/// An integer modulo the order of P-256. Its one byte form is 32 bytes big-endian, below the order. Secret scalars are
/// zeroed by <see cref="Dispose"/>; public ones need no disposing.
/// </summary>
public sealed class P256Scalar : IDisposable, IEquatable<P256Scalar>
{
    /// <summary>Size of the byte form.</summary>
    public const int Size = 32;

    private readonly byte[] _bytes;

    private P256Scalar(byte[] bytes) => _bytes = bytes;

    /// <summary>The group order, 32 bytes big-endian (SEC 2, secp256r1).</summary>
    public static ReadOnlySpan<byte> Order =>
    [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ];

    /// <summary>Zero.</summary>
    public static P256Scalar Zero { get; } = new(new byte[Size]);

    /// <summary>One.</summary>
    public static P256Scalar One { get; } = FromInt64(1);

    /// <summary>Whether it is zero. Not for secrets.</summary>
    public bool IsZero => _bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0;

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A small non-negative number.</summary>
    public static P256Scalar FromInt64(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        byte[] bytes = new byte[Size];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(Size - 8), value);
        return new P256Scalar(bytes);
    }

    /// <summary>Reads 32 bytes. False where the length differs or the number is not below the order.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out P256Scalar? scalar)
    {
        scalar = bytes.Length == Size && bytes.SequenceCompareTo(Order) < 0 ? new P256Scalar(bytes.ToArray()) : null;
        return scalar is not null;
    }

    /// <summary>Any number of bytes, read big-endian and reduced modulo the order: how a hash becomes a challenge.</summary>
    public static P256Scalar Reduce(ReadOnlySpan<byte> wide)
    {
        byte[] bytes = new byte[Size];
        P256Arithmetic.OfThread.Reduce(wide, bytes);
        return new P256Scalar(bytes);
    }

    /// <summary>A random scalar, not zero: 48 random bytes reduced, so that the bias is below 2^-128.</summary>
    public static P256Scalar Random()
    {
        Span<byte> wide = stackalloc byte[48];
        while (true)
        {
            RandomNumberGenerator.Fill(wide);
            P256Scalar scalar = Reduce(wide);
            CryptographicOperations.ZeroMemory(wide);
            if (!scalar.IsZero)
                return scalar;
        }
    }

    /// <summary>Sum.</summary>
    public static P256Scalar operator +(P256Scalar a, P256Scalar b) => Apply(P256Arithmetic.Operation.Add, a, b);

    /// <summary>Difference.</summary>
    public static P256Scalar operator -(P256Scalar a, P256Scalar b) => Apply(P256Arithmetic.Operation.Subtract, a, b);

    /// <summary>Product.</summary>
    public static P256Scalar operator *(P256Scalar a, P256Scalar b) => Apply(P256Arithmetic.Operation.Multiply, a, b);

    /// <summary>The inverse. Throws <see cref="CryptographicException"/> for zero.</summary>
    public P256Scalar Invert() => Apply(P256Arithmetic.Operation.Invert, this, Zero);

    /// <summary>
    /// <paramref name="second"/> where <paramref name="condition"/> is 1, <paramref name="first"/> where it is 0, without a jump
    /// or an address that depends on it.
    /// </summary>
    public static P256Scalar Select(int condition, P256Scalar first, P256Scalar second)
    {
        byte mask = unchecked((byte)-(condition & 1));
        byte[] bytes = new byte[Size];
        for (int i = 0; i < Size; i++)
            bytes[i] = (byte)((first._bytes[i] & ~mask) | (second._bytes[i] & mask));
        return new P256Scalar(bytes);
    }

    /// <summary>The byte form. Of a secret, the caller zeroes it.</summary>
    public byte[] ToBytes() => [.. _bytes];

    /// <summary>Writes the 32 bytes.</summary>
    public void WriteTo(Span<byte> destination) => _bytes.CopyTo(destination);

    /// <summary>Zeroes the number.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    /// <inheritdoc />
    public bool Equals(P256Scalar? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as P256Scalar);

    /// <inheritdoc />
    public override int GetHashCode() => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(28));

    private static P256Scalar Apply(P256Arithmetic.Operation operation, P256Scalar a, P256Scalar b)
    {
        byte[] bytes = new byte[Size];
        P256Arithmetic.OfThread.Modular(operation, a._bytes, b._bytes, bytes);
        return new P256Scalar(bytes);
    }
}

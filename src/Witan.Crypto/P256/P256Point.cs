using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// A point of P-256, kept decoded: decoding costs a square root, so each point is decoded once. The one byte form is the
/// 33-byte compressed one. Immutable, and safe to use from several threads. libcrypto's own form of a point that was decoded is made
/// when it is first calculated with: many points are only hashed, or summed up as public ones.
/// </summary>
public sealed class P256Point : IEquatable<P256Point>
{
    /// <summary>Size of the byte form.</summary>
    public const int Size = 33;

    private const int UncompressedSize = 65;

    private EcPointHandle? _handle;
    private byte[]? _encoded;
    private PublicForm? _public;

    private P256Point(EcPointHandle handle) => _handle = handle;

    private P256Point(byte[] encoded) => _encoded = encoded;

    private P256Point(P256PublicPoint point, byte[] encoded) => (_public, _encoded) = (new PublicForm(point), encoded);

    /// <summary>The generator G.</summary>
    public static P256Point Generator { get; } = MultiplyBase(P256Scalar.One);

    /// <summary>The neutral element. It has no byte form and never comes from the wire.</summary>
    public static P256Point Identity { get; } = new(New());

    /// <summary>Whether this is the neutral element.</summary>
    public bool IsIdentity => _encoded is null && LibCrypto.EC_POINT_is_at_infinity(P256Arithmetic.Group, Handle) == 1;

    private EcPointHandle Handle => Volatile.Read(ref _handle) ?? MakeHandle();

    /// <summary>
    /// Reads a compressed point. False for another length or prefix, an x that is not below the field prime or not on the
    /// curve. The identity has no such form.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out P256Point? point)
    {
        // What comes in bytes is public, and the managed root is the faster one.
        point = P256PublicPoint.TryDecode(bytes, out P256PublicPoint decoded) ? new P256Point(decoded, bytes.ToArray()) : null;
        return point is not null;
    }

    /// <summary>
    /// A public point that was decoded before, by whoever is trusted to have done so: the root is taken when it is first calculated with, and many
    /// are only hashed and passed on. Throws <see cref="ArgumentException"/> for what has not the form of a point; what has the form and is none
    /// throws <see cref="CryptographicException"/> in the first calculation.
    /// </summary>
    public static P256Point FromKnown(ReadOnlySpan<byte> bytes) => bytes.Length == Size && bytes[0] is 2 or 3
        ? new P256Point(bytes.ToArray())
        : throw new ArgumentException("not the form of a compressed point", nameof(bytes));

    /// <summary>scalar·G. Constant time in the scalar.</summary>
    public static P256Point MultiplyBase(P256Scalar scalar)
    {
        P256Arithmetic scratch = P256Arithmetic.OfThread;
        EcPointHandle result = New();
        int good = LibCrypto.EC_POINT_mul(
            P256Arithmetic.Group, result, P256Arithmetic.Load(scratch.A, scalar.Bytes), 0, 0, scratch.Context);
        scratch.Clear();
        return Checked(good, result, "P-256 base multiplication");
    }

    /// <summary>scalar·this. Constant time in the scalar.</summary>
    public P256Point Multiply(P256Scalar scalar)
    {
        P256Arithmetic scratch = P256Arithmetic.OfThread;
        EcPointHandle result = New();
        using Borrowed point = new(Handle);
        int good = LibCrypto.EC_POINT_mul(
            P256Arithmetic.Group, result, 0, point.Pointer, P256Arithmetic.Load(scratch.A, scalar.Bytes), scratch.Context);
        scratch.Clear();
        return Checked(good, result, "P-256 multiplication");
    }

    /// <summary>
    /// g·G + Σ scalars[i]·points[i]. The doublings are shared, so it is faster than single products. For public values
    /// only: treat it as variable time.
    /// </summary>
    public static unsafe P256Point MultiplyPublic(
        P256Scalar? g, ReadOnlySpan<P256Point> points, ReadOnlySpan<P256Scalar> scalars)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scalars.Length, points.Length, nameof(scalars));
        P256Arithmetic scratch = P256Arithmetic.OfThread;
        EcPointHandle result = New();
        nint[] raw = new nint[points.Length * 2];
        int loaded = 0;
        try
        {
            for (; loaded < points.Length; loaded++)
            {
                bool added = false;
                points[loaded].Handle.DangerousAddRef(ref added);
                raw[loaded] = points[loaded].Handle.DangerousGetHandle();
                raw[points.Length + loaded] = P256Arithmetic.Load(LibCrypto.BN_new(), scalars[loaded].Bytes);
            }

            nint generator = g is null ? 0 : P256Arithmetic.Load(scratch.A, g.Bytes);
            fixed (nint* all = raw)
            {
                int good = LibCrypto.EC_POINTs_mul(
                    P256Arithmetic.Group, result, generator, (nuint)points.Length, all, all + points.Length, scratch.Context);
                return Checked(good, result, "P-256 multiple product");
            }
        }
        finally
        {
            for (int i = 0; i < loaded; i++)
            {
                LibCrypto.BN_clear_free(raw[points.Length + i]);
                points[i].Handle.DangerousRelease();
            }
        }
    }

    /// <summary>Sum.</summary>
    public static P256Point operator +(P256Point a, P256Point b)
    {
        EcPointHandle result = New();
        int good = LibCrypto.EC_POINT_add(P256Arithmetic.Group, result, a.Handle, b.Handle, P256Arithmetic.OfThread.Context);
        return Checked(good, result, "P-256 addition");
    }

    /// <summary>The inverse element.</summary>
    public static P256Point operator -(P256Point a)
    {
        EcPointHandle result = New();
        using Borrowed from = new(a.Handle);
        int good = LibCrypto.EC_POINT_copy(result, from.Pointer);
        if (good == 1)
            good = LibCrypto.EC_POINT_invert(P256Arithmetic.Group, result, P256Arithmetic.OfThread.Context);
        return Checked(good, result, "P-256 inversion");
    }

    /// <summary>Difference.</summary>
    public static P256Point operator -(P256Point a, P256Point b) => a + -b;

    /// <summary>The 33 bytes. Throws <see cref="InvalidOperationException"/> for the identity.</summary>
    public byte[] ToBytes() => [.. Encoded()];

    /// <summary>Writes the 33 bytes.</summary>
    public void WriteTo(Span<byte> destination) => Encoded().CopyTo(destination);

    /// <summary>The x coordinate, 32 bytes: what Diffie-Hellman yields.</summary>
    public byte[] X() => Encoded()[1..];

    internal unsafe void WriteUncompressedTo(Span<byte> destination)
    {
        fixed (byte* to = destination)
        {
            nuint written = LibCrypto.EC_POINT_point2oct(
                P256Arithmetic.Group, Handle, LibCrypto.UncompressedForm, to, (nuint)destination.Length, P256Arithmetic.OfThread.Context);
            if (written != UncompressedSize)
                throw LibCrypto.Error("P-256 encoding");
        }
    }

    // Remembered, and the compressed form with it: the caller says that the point is public.
    internal P256PublicPoint ToPublic()
    {
        if (_public is { } known)
            return known.Point;
        if (_handle is null)
            return Decoded();
        Span<byte> bytes = stackalloc byte[UncompressedSize];
        WriteUncompressedTo(bytes);
        if (!P256PublicPoint.TryDecodeCoordinates(bytes[1..], out P256PublicPoint point))
            throw LibCrypto.Error("P-256 encoding");
        _encoded ??= point.ToBytes();
        _public = new PublicForm(point);
        return point;
    }

    /// <inheritdoc />
    public bool Equals(P256Point? other) =>
        other is not null
        && (_encoded is { } mine && other._encoded is { } theirs
            ? mine.AsSpan().SequenceEqual(theirs)
            : LibCrypto.EC_POINT_cmp(P256Arithmetic.Group, Handle, other.Handle, P256Arithmetic.OfThread.Context) == 0);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as P256Point);

    /// <inheritdoc />
    public override int GetHashCode() => IsIdentity ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(Encoded().AsSpan(29));

    private unsafe byte[] Encoded()
    {
        if (_encoded is { } known)
            return known;
        if (IsIdentity)
            throw new InvalidOperationException("the identity has no compressed form");
        byte[] bytes = new byte[Size];
        fixed (byte* to = bytes)
        {
            nuint written = LibCrypto.EC_POINT_point2oct(
                P256Arithmetic.Group, Handle, LibCrypto.CompressedForm, to, Size, P256Arithmetic.OfThread.Context);
            if (written != Size)
                throw LibCrypto.Error("P-256 encoding");
        }

        return _encoded = bytes;
    }

    private unsafe EcPointHandle MakeHandle()
    {
        Span<byte> bytes = stackalloc byte[UncompressedSize];
        bytes[0] = 4;
        (_public?.Point ?? Decoded()).WriteCoordinatesTo(bytes[1..]);
        EcPointHandle made = New();
        fixed (byte* from = bytes)
        {
            if (LibCrypto.EC_POINT_oct2point(P256Arithmetic.Group, made, from, UncompressedSize, P256Arithmetic.OfThread.Context) != 1)
                throw LibCrypto.Error("P-256 decoding");
        }

        if (Interlocked.CompareExchange(ref _handle, made, null) is not { } first)
            return made;
        made.Dispose();
        return first;
    }

    private P256PublicPoint Decoded()
    {
        if (!P256PublicPoint.TryDecode(_encoded, out P256PublicPoint point))
            throw new CryptographicException("a point that was said to be known is not on the curve");
        _public = new PublicForm(point);
        return point;
    }

    private static EcPointHandle New()
    {
        EcPointHandle handle = LibCrypto.EC_POINT_new(P256Arithmetic.Group);
        return handle.IsInvalid ? throw LibCrypto.Error("EC_POINT_new") : handle;
    }

    private static P256Point Checked(int good, EcPointHandle result, string operation)
    {
        if (good == 1)
            return new P256Point(result);
        result.Dispose();
        throw LibCrypto.Error(operation);
    }

    private sealed class PublicForm(P256PublicPoint point)
    {
        public P256PublicPoint Point => point;
    }

    // Keeps a handle alive while its pointer is in native hands.
    private readonly ref struct Borrowed
    {
        private readonly EcPointHandle _handle;

        public Borrowed(EcPointHandle handle)
        {
            bool added = false;
            handle.DangerousAddRef(ref added);
            _handle = handle;
        }

        public nint Pointer => _handle.DangerousGetHandle();

        public void Dispose() => _handle.DangerousRelease();
    }
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace Witan.Machine;

/// <summary>What an enclave's signature says of it.</summary>
internal sealed record EnclaveIdentity(byte[] MrEnclave, ulong Attributes, ulong Xfrm)
{
    /// <summary>Which bits of ATTRIBUTES have to be as signed. All, so that a debug signature launches no production enclave.</summary>
    public ulong AttributesMask { get; init; } = ulong.MaxValue;

    public ulong XfrmMask { get; init; } = ulong.MaxValue;
}

/// <summary>SIGSTRUCT: 1808 bytes, little-endian, the signature by which EINIT decides.</summary>
internal sealed class SigStruct
{
    public const int Size = 1808;

    private const int KeySize = 384;
    private const int Modulus = 128, Exponent = 512, Signature = 516, Misc = 900, Body = 928, Hash = 960, Q1 = 1040, Q2 = 1424;

    // Date as binary coded decimal. Fixed, so that the same enclave has the same signature every day.
    private const uint Date = 0x20260101;

    private SigStruct(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public ReadOnlySpan<byte> MrEnclave => Bytes.AsSpan(Hash, 32);

    /// <summary>SHA-256 of the modulus as stored.</summary>
    public byte[] MrSigner => SHA256.HashData(Bytes.AsSpan(Modulus, KeySize));

    public uint MiscSelect => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(Misc));

    public ulong Attributes => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(Body));

    public ulong Xfrm => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(Body + 8));

    /// <summary>Reads 1808 bytes; false where size, headers or exponent are none of a SIGSTRUCT.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SigStruct? result)
    {
        result = null;
        if (bytes.Length != Size || !bytes[..16].SequenceEqual(Header1) || !bytes[24..40].SequenceEqual(Header2)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[Exponent..]) != 3)
        {
            return false;
        }

        result = new SigStruct(bytes.ToArray());
        return true;
    }

    /// <summary>Signs an identity with an RSA-3072 key whose exponent is 3.</summary>
    public static SigStruct Sign(EnclaveIdentity identity, RSA key)
    {
        byte[] bytes = new byte[Size];
        Header1.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), Date);
        Header2.CopyTo(bytes.AsSpan(24));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Misc + 4), uint.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Body), identity.Attributes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Body + 8), identity.Xfrm);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Body + 16), identity.AttributesMask);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Body + 24), identity.XfrmMask);
        identity.MrEnclave.CopyTo(bytes.AsSpan(Hash));
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
        if (parameters.Modulus?.Length != KeySize || !parameters.Exponent.AsSpan().SequenceEqual((byte[])[3]))
            throw new ArgumentException("an enclave is signed with RSA-3072 and exponent 3", nameof(key));
        byte[] signature = key.SignData(SignedBytes(bytes), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Reversed(parameters.Modulus).CopyTo(bytes, Modulus);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Exponent), 3);
        Reversed(signature).CopyTo(bytes, Signature);
        (BigInteger q1, BigInteger q2) = Quotients(bytes);
        q1.ToByteArray(isUnsigned: true).CopyTo(bytes, Q1);
        q2.ToByteArray(isUnsigned: true).CopyTo(bytes, Q2);
        return new SigStruct(bytes);
    }

    /// <summary>Whether the signature holds and both quotients, which spare EINIT two divisions, are right.</summary>
    public bool Verify()
    {
        using var key = RSA.Create(new RSAParameters { Modulus = Reversed(Bytes.AsSpan(Modulus, KeySize)), Exponent = [3] });
        if (!key.VerifyData(SignedBytes(Bytes), Reversed(Bytes.AsSpan(Signature, KeySize)), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            return false;
        (BigInteger q1, BigInteger q2) = Quotients(Bytes);
        return q1 == Number(Bytes.AsSpan(Q1, KeySize)) && q2 == Number(Bytes.AsSpan(Q2, KeySize));
    }

    private static ReadOnlySpan<byte> Header1 => [6, 0, 0, 0, 0xE1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];

    private static ReadOnlySpan<byte> Header2 => [1, 1, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 1, 0, 0, 0];

    private static byte[] SignedBytes(byte[] bytes) => [.. bytes.AsSpan(0, 128), .. bytes.AsSpan(900, 128)];

    // q1 = floor(s^2 / n); q2 = floor((s^3 - q1 * s * n) / n).
    private static (BigInteger Q1, BigInteger Q2) Quotients(byte[] bytes)
    {
        BigInteger n = Number(bytes.AsSpan(Modulus, KeySize)), s = Number(bytes.AsSpan(Signature, KeySize));
        var q1 = BigInteger.Divide(s * s, n);
        return (q1, BigInteger.Divide((s * s * s) - (q1 * s * n), n));
    }

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static byte[] Reversed(ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Array.Reverse(copy);
        return copy;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Witan.Fuzz.Pki;

/// <summary>A quote to be: every field can be made wrong before, between and after the signatures.</summary>
public sealed class TestQuote
{
    /// <summary>3, 4 or 5.</summary>
    public int Version { get; set; }

    /// <summary>2 is P-256.</summary>
    public int KeyType { get; set; } = 2;

    /// <summary>0 SGX, 0x81 TDX.</summary>
    public uint Tee { get; set; }

    /// <summary>Vendor of the quoting enclave.</summary>
    public byte[] Vendor { get; set; } = Convert.FromHexString("939A7233F79C4CA9940A0DB3957F0607");

    /// <summary>Body type in the descriptor of version 5.</summary>
    public int BodyType { get; set; }

    /// <summary>Body size in the descriptor of version 5; null for the true one.</summary>
    public uint? BodySize { get; set; }

    /// <summary>The report.</summary>
    public required byte[] Body { get; set; }

    /// <summary>The quoting enclave's report; its report data is filled in unless <see cref="BindKey"/> is false.</summary>
    public byte[] QeReport { get; set; } = new byte[384];

    /// <summary>Whether the QE report binds the attestation key.</summary>
    public bool BindKey { get; set; } = true;

    /// <summary>The attestation key.</summary>
    public required ECDsa AttestationKey { get; set; }

    /// <summary>x ‖ y instead of the attestation key's; null for the key's.</summary>
    public byte[]? AttestationPoint { get; set; }

    /// <summary>The key that signs the QE report.</summary>
    public required ECDsa PckKey { get; set; }

    /// <summary>QE authentication data.</summary>
    public byte[] AuthData { get; set; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    /// <summary>Type of the outer certification data, versions 4 and 5.</summary>
    public int OuterType { get; set; } = 6;

    /// <summary>Type of the certification data.</summary>
    public int CertificationType { get; set; } = 5;

    /// <summary>The certification data.</summary>
    public required byte[] Certification { get; set; }

    /// <summary>Bytes inside the outer certification data, behind its last member.</summary>
    public byte[] InnerSlack { get; set; } = [];

    /// <summary>Bytes inside the authentication data, behind its last member.</summary>
    public byte[] Slack { get; set; } = [];

    /// <summary>Bytes behind the quote.</summary>
    public byte[] Trailing { get; set; } = [];

    /// <summary>Changes the signature over the quote.</summary>
    public Func<byte[], byte[]> ChangeSignature { get; set; } = signature => signature;

    /// <summary>Changes the signature over the QE report.</summary>
    public Func<byte[], byte[]> ChangeQeSignature { get; set; } = signature => signature;

    /// <summary>Changes the finished quote.</summary>
    public Func<byte[], byte[]> Finish { get; set; } = quote => quote;

    /// <summary>The quote.</summary>
    public byte[] Bytes()
    {
        byte[] signed = [.. U16(Version), .. U16(KeyType), .. U32(Tee), 0, 0, 0, 0, .. Vendor, .. new byte[20], .. Descriptor(), .. Body];
        ECParameters key = AttestationKey.ExportParameters(false);
        byte[] point = AttestationPoint ?? [.. key.Q.X!, .. key.Q.Y!];
        byte[] report = [.. QeReport];
        if (BindKey)
            SHA256.HashData([.. point, .. AuthData]).CopyTo(report, 320);
        byte[] inner =
        [
            .. report, .. ChangeQeSignature(Sign(PckKey, report)), .. U16(AuthData.Length), .. AuthData,
            .. U16(CertificationType), .. U32((uint)Certification.Length), .. Certification, .. InnerSlack,
        ];
        byte[] certified = Version == 3 ? inner : [.. U16(OuterType), .. U32((uint)inner.Length), .. inner];
        byte[] auth = [.. ChangeSignature(Sign(AttestationKey, signed)), .. point, .. certified, .. Slack];
        return Finish([.. signed, .. U32((uint)auth.Length), .. auth, .. Trailing]);
    }

    /// <summary>r ‖ n-s: the other signature that verifies.</summary>
    public static byte[] Negated(byte[] signature)
    {
        var order = new System.Numerics.BigInteger(Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), true, true);
        byte[] other = (order - new System.Numerics.BigInteger(signature.AsSpan(32), true, true)).ToByteArray(true, true);
        return [.. signature[..32], .. new byte[32 - other.Length], .. other];
    }

    private byte[] Descriptor() => Version == 5 ? [.. U16(BodyType), .. U32(BodySize ?? (uint)Body.Length)] : [];

    private static byte[] Sign(ECDsa key, byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private static byte[] U16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes;
    }

    private static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}

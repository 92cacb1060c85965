using System.Buffers.Binary;

namespace Witan.Machine;

/// <summary>One kind of attestation key that AESM offers (<c>sgx_att_key_id_ext_t</c>, 256 bytes).</summary>
internal sealed record AttestationKey(uint Algorithm)
{
    public const int Size = 256;

    private const int AlgorithmOffset = 154;

    public bool IsEcdsa => Algorithm is 2 or 3;

    public string Name => Algorithm switch
    {
        0 => "EPID",
        2 => "ECDSA P-256",
        3 => "ECDSA P-384",
        _ => $"algorithm {Algorithm}",
    };

    /// <summary>The keys of a list; what does not fill a whole entry is ignored.</summary>
    public static List<AttestationKey> Parse(ReadOnlyMemory<byte> list)
    {
        var keys = new List<AttestationKey>();
        for (int at = 0; list.Length - at >= Size; at += Size)
            keys.Add(new AttestationKey(BinaryPrimitives.ReadUInt32LittleEndian(list.Span[(at + AlgorithmOffset)..])));
        return keys;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Witan.Dstack.Compose;

namespace Witan.Dstack.Evidence;

/// <summary>How the digest of a runtime event is computed.</summary>
public enum EventDigestVersion
{
    /// <summary>SHA-384 over type, colon, name, colon, payload.</summary>
    V1 = 1,

    /// <summary>SHA-384 over canonical JSON.</summary>
    V2 = 2,
}

/// <summary>One event that the guest extends RTMR3 with. Its digest is always computed, never believed.</summary>
/// <param name="Name">For example <c>compose-hash</c>.</param>
/// <param name="Payload">Any bytes.</param>
/// <param name="Version">How the digest is computed.</param>
public sealed record RuntimeEvent(string Name, ReadOnlyMemory<byte> Payload, EventDigestVersion Version = EventDigestVersion.V1)
{
    /// <summary>Event type of every runtime event.</summary>
    public const uint Type = 0x08000001;

    /// <summary>The register that runtime events go to.</summary>
    public const int Register = 3;

    /// <summary>
    /// The bytes that are hashed. Version 1: type in four little-endian bytes, colon, name, colon, payload. Version 2: the
    /// canonical JSON <c>{"name":…,"payload":hex,"type":134217729}</c>.
    /// </summary>
    public byte[] Preimage() => Version == EventDigestVersion.V1 ? First() : Second();

    /// <summary>The digest, 48 bytes.</summary>
    public byte[] Digest() => SHA384.HashData(Preimage());

    private byte[] First()
    {
        int name = Encoding.UTF8.GetByteCount(Name);
        byte[] bytes = new byte[6 + name + Payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Type);
        bytes[4] = (byte)':';
        Encoding.UTF8.GetBytes(Name, bytes.AsSpan(5));
        bytes[5 + name] = (byte)':';
        Payload.Span.CopyTo(bytes.AsSpan(6 + name));
        return bytes;
    }

    private byte[] Second()
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write("{\"name\":"u8);
        CanonicalJson.WriteText(Name, output);
        output.Write(",\"payload\":\""u8);
        output.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(Payload.Span)));
        output.Write("\",\"type\":134217729}"u8);
        return output.WrittenSpan.ToArray();
    }
}

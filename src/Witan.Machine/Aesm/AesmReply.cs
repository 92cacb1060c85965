using System.Diagnostics.CodeAnalysis;

namespace Witan.Machine;

/// <summary>One answer of AESM: which operation, the error number, and its fields.</summary>
internal sealed class AesmReply
{
    /// <summary>The attestation key's id in an answer to initQuoteEx.</summary>
    public const int KeyId = 4;

    private readonly List<ProtobufField> _fields;

    private AesmReply(AesmOperation operation, List<ProtobufField> fields, ReadOnlyMemory<byte> raw) =>
        (Operation, _fields, Raw) = (operation, fields, raw);

    public AesmOperation Operation { get; }

    /// <summary>The message as it came, without its length.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>0 is good. The field's default is 1, so that a forgotten one is no success.</summary>
    public uint ErrorCode => (uint)Math.Min(Number(1) ?? 1, uint.MaxValue);

    /// <summary>A numeric field; null where there is none.</summary>
    public ulong? Number(int field) => _fields.Find(candidate => candidate.Number == field && !candidate.IsBytes)?.Value;

    /// <summary>A field of bytes; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Bytes(int field) => _fields.Find(candidate => candidate.Number == field && candidate.IsBytes)?.Bytes ?? default;

    /// <summary>
    /// An answer to initQuoteEx as it may be recorded: the error, the size, and zeros in place of the key's id, which is another one
    /// on every machine.
    /// </summary>
    public ReadOnlyMemory<byte> WithoutKeyId()
    {
        if (Operation != AesmOperation.InitQuoteEx)
            return Raw;
        ProtobufWriter answer = new ProtobufWriter().Varint(1, ErrorCode);
        if (Number(3) is { } size)
            answer.Varint(3, size);
        if (Bytes(KeyId).Length > 0)
            answer.Bytes(KeyId, new byte[Bytes(KeyId).Length]);
        return new ProtobufWriter().Bytes((int)Operation, answer.ToArray()).ToArray();
    }

    public static bool TryParse(ReadOnlyMemory<byte> message, [NotNullWhen(true)] out AesmReply? reply)
    {
        reply = null;
        if (!Protobuf.TryRead(message, out List<ProtobufField> outer) || outer.Count != 1 || !outer[0].IsBytes)
            return false;
        int number = outer[0].Number;
        if (number is not (>= 1 and <= 4 or >= 10 and <= 22) || !Protobuf.TryRead(outer[0].Bytes, out List<ProtobufField> fields))
            return false;
        reply = new AesmReply((AesmOperation)number, fields, message);
        return true;
    }

    /// <summary>Parses the hexadecimal form of a snapshot.</summary>
    public static bool TryParse(string hex, [NotNullWhen(true)] out AesmReply? reply)
    {
        reply = null;
        return HexText.Decode(hex) is { } bytes && TryParse(bytes, out reply);
    }

    public override string ToString() => Operation == AesmOperation.Unsupported
        ? "the service is too old for the request, and alive"
        : $"error code {AesmErrors.Describe(ErrorCode)}{(Number(2) is { } value ? $", value {value}" : "")}";
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Worker.Memory;

/// <summary>
/// The sealed form of a memory: AES-256-GCM under a key that only the same app can derive, whichever host it runs on.
/// </summary>
/// <remarks>
/// <code>
/// offset size
/// 0      8    "WITANMEM"
/// 8      1    format version, 1
/// 9      4    key epoch, u32 big-endian
/// 13     8    sequence number, u64 big-endian
/// 21     12   nonce, random
/// 33     n    ciphertext of the JSON form and the spaces behind it
/// 33+n   16   tag
/// </code>
/// The first 21 bytes are the associated data: neither the epoch nor the sequence number can be changed. With the spaces each decision takes
/// <see cref="DecisionSize"/> bytes, so the length of the file says how many there are, and nothing of a vote or its reasons. A file without
/// spaces, as they were first written, opens too.
/// </remarks>
public static class SealedMemory
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaximumBytes = 256 << 20;

    /// <summary>What a decision takes in the file, in bytes; one that is longer takes a multiple of it.</summary>
    public const int DecisionSize = 8192;

    private const int HeaderSize = 21;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "WITANMEM"u8;

    /// <summary>Seals a memory under the key of an epoch. <paramref name="key"/> has 32 bytes.</summary>
    public static byte[] Seal(WorkerMemory memory, ReadOnlySpan<byte> key, uint epoch)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(MemoryWire.From(memory), MemoryJson.Default.MemoryWire);
        byte[] plain = new byte[json.Length + memory.Entries.Where(entry => entry.Kind == MemoryKind.Decision).Sum(Spaces)];
        json.CopyTo(plain, 0);
        plain.AsSpan(json.Length).Fill((byte)' ');
        CryptographicOperations.ZeroMemory(json);
        try
        {
            byte[] file = new byte[HeaderSize + NonceSize + plain.Length + TagSize];
            Magic.CopyTo(file);
            file[8] = Version;
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(9), epoch);
            BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(13), memory.Sequence);
            Span<byte> nonce = file.AsSpan(HeaderSize, NonceSize);
            RandomNumberGenerator.Fill(nonce);
            using var gcm = new AesGcm(key, TagSize);
            gcm.Encrypt(nonce, plain, file.AsSpan(HeaderSize + NonceSize, plain.Length), file.AsSpan(file.Length - TagSize), file.AsSpan(0, HeaderSize));
            return file;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static int Spaces(MemoryEntry decision)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(decision, MemoryJson.Default.MemoryEntry);
        CryptographicOperations.ZeroMemory(json);
        return (DecisionSize - (json.Length % DecisionSize)) % DecisionSize;
    }

    /// <summary>The key epoch that a file names, so that the caller can derive the key. Throws <see cref="MemoryException"/>.</summary>
    public static uint Epoch(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderSize + NonceSize + TagSize || !file[..8].SequenceEqual(Magic))
            throw new MemoryException("this is no sealed worker memory (no WITANMEM at offset 0, or cut off)");
        if (file[8] != Version)
            throw new MemoryException($"the memory has format version {file[8]} at offset 8; this program reads {Version}");
        return BinaryPrimitives.ReadUInt32BigEndian(file[9..]);
    }

    /// <summary>Opens a file and checks every entry in it. Throws <see cref="MemoryException"/> where anything is not as it was sealed.</summary>
    public static WorkerMemory Open(ReadOnlySpan<byte> file, ReadOnlySpan<byte> key)
    {
        _ = Epoch(file);
        byte[] plain = new byte[file.Length - HeaderSize - NonceSize - TagSize];
        try
        {
            using var gcm = new AesGcm(key, TagSize);
            gcm.Decrypt(file.Slice(HeaderSize, NonceSize), file[(HeaderSize + NonceSize)..^TagSize], file[^TagSize..], plain, file[..HeaderSize]);
            MemoryWire wire = JsonSerializer.Deserialize(plain, MemoryJson.Default.MemoryWire) ?? throw new JsonException("null");
            WorkerMemory memory = wire.ToMemory();
            if (memory.Sequence != BinaryPrimitives.ReadUInt64BigEndian(file[13..]))
                throw new MemoryException("the sequence number inside the memory is not the one it was sealed with");
            string? problem = memory.Entries.Select(memory.Problem).FirstOrDefault(text => text is not null);
            return problem is null ? memory : throw new MemoryException($"the memory holds an entry that is not allowed: {problem}");
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new MemoryException("the memory was sealed by another app, or changed since", e);
        }
        catch (JsonException e)
        {
            throw new MemoryException("the memory's content cannot be read", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }
}

internal sealed record MemoryWire(string Schema, byte[] Owner, ulong Sequence, IReadOnlyList<MemoryEntry> Entries)
{
    internal const string SchemaName = "witan.memory/1";

    public static MemoryWire From(WorkerMemory memory) => new(SchemaName, memory.Owner, memory.Sequence, memory.Entries);

    public WorkerMemory ToMemory() => Schema == SchemaName && Owner is { Length: 32 } && Entries is not null
        ? new WorkerMemory(Owner, Sequence, Entries)
        : throw new JsonException($"not {SchemaName}");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true,
    WriteIndented = false)]
[JsonSerializable(typeof(MemoryWire))]
[JsonSerializable(typeof(MemoryEntry))]
internal sealed partial class MemoryJson : JsonSerializerContext;

using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Worker.Memory;

/// <summary>
/// An owner's notes on their way into a memory that only a confidential VM can open: signed where the owner's key is, taken in where the
/// worker starts. A note is one word of base64url over its JSON, so that notes go through an env file as they are, with white space between them.
/// </summary>
public static class SignedNotes
{
    /// <summary>Most bytes of a file of notes.</summary>
    public const int MaximumBytes = 4 << 20;

    /// <summary>How every note begins: base64url of a brace and a quotation mark.</summary>
    public const string Beginning = "eyJ";

    /// <summary>A note as one word. Throws <see cref="SettingException"/> where it is too long or empty.</summary>
    public static string Sign(byte[] seed, MemoryKind kind, DateTimeOffset at, string text) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(Entry(seed, kind, at, text), MemoryJson.Default.MemoryEntry));

    /// <summary>The entry that an owner signs. Throws <see cref="SettingException"/> where it is too long or empty.</summary>
    public static MemoryEntry Entry(byte[] seed, MemoryKind kind, DateTimeOffset at, string text)
    {
        byte[] owner = Ed25519.PublicKey(seed);
        var moment = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
        var entry = new MemoryEntry(kind, moment, text) { OwnerSignature = Ed25519.Sign(seed, WorkerMemory.SignedBytes(owner, kind, moment, text)) };
        return WorkerMemory.Empty(owner).Problem(entry) is { } problem ? throw new SettingException(problem, "make several of a long one") : entry;
    }

    /// <summary>The notes of a file, each with its owner's signature. Throws <see cref="SettingException"/>, which names the first that is not good.</summary>
    public static IReadOnlyList<MemoryEntry> Read(ReadOnlySpan<byte> file, Digest owner)
    {
        var memory = WorkerMemory.Empty(owner.Bytes.ToArray());
        var notes = new List<MemoryEntry>();
        foreach (string word in Encoding.UTF8.GetString(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            MemoryEntry? note = Note(word);
            string? problem = note is null ? "it is no note" : note.Kind == MemoryKind.Decision ? "it is a decision, and only the worker writes those" : memory.Problem(note);
            if (problem is not null)
                throw new SettingException($"note {notes.Count + 1} cannot be taken in: {problem}", $"witan worker memory sign TEXT --owner-key FILE makes one, with the key of {owner}");
            notes.Add(note!);
        }

        return notes;
    }

    private static MemoryEntry? Note(string word)
    {
        try
        {
            MemoryEntry? entry = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(word), MemoryJson.Default.MemoryEntry);
            // What is finer than the signature covers is nobody's word.
            return entry is null ? null : entry with { At = DateTimeOffset.FromUnixTimeMilliseconds(entry.At.ToUnixTimeMilliseconds()), Proposal = null };
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}

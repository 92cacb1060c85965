using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Witan.Voting;

/// <summary>
/// What one voter says to the others in a sealed round, without its name. An empty text is an argument too: who has nothing to say looks
/// like who has.
/// </summary>
/// <param name="Text">At most <see cref="MaximumBytes"/> in UTF-8.</param>
/// <param name="Salt">The voter's 32 random bytes. With them it finds its own argument again, and nobody can choose a place in the list.</param>
public sealed record Argument(string Text, Digest Salt)
{
    /// <summary>Longest text, in bytes of UTF-8.</summary>
    public const int MaximumBytes = 2048;

    /// <summary>Size of the one form that is sealed: salt, length, text, zeros.</summary>
    public const int Size = SaltSize + sizeof(ushort) + MaximumBytes;

    private const int SaltSize = 32;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>An argument of a text of any length: what is too long is cut between two characters.</summary>
    public static Argument Of(string text, Digest salt)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = Math.Min(bytes.Length, MaximumBytes);
        while (length < bytes.Length && length > 0 && (bytes[length] & 0xC0) == 0x80)
            length--;
        return new Argument(Encoding.UTF8.GetString(bytes, 0, length), salt);
    }

    /// <summary>Whether the text has the form and size of one.</summary>
    public bool IsGood()
    {
        try
        {
            return Strict.GetByteCount(Text) <= MaximumBytes;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The one form, of <see cref="Size"/> bytes. Throws <see cref="InvalidOperationException"/> for a text that is too long.</summary>
    public byte[] ToBytes()
    {
        if (!IsGood())
            throw new InvalidOperationException($"an argument has at most {MaximumBytes} bytes");
        byte[] bytes = new byte[Size];
        Salt.Bytes.CopyTo(bytes);
        int length = Strict.GetBytes(Text, bytes.AsSpan(SaltSize + sizeof(ushort)));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(SaltSize), (ushort)length);
        return bytes;
    }

    /// <summary>Reads the one form. False where it is another: there is one byte form for each argument.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Argument? argument)
    {
        argument = null;
        if (bytes.Length != Size)
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[SaltSize..]);
        ReadOnlySpan<byte> text = bytes[(SaltSize + sizeof(ushort))..];
        if (length > MaximumBytes || text[length..].IndexOfAnyExcept((byte)0) >= 0)
            return false;
        try
        {
            argument = new Argument(Strict.GetString(text[..length]), new Digest(bytes[..SaltSize]));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>
    /// The order in which arguments are opened: by a hash of the voter's salt under a seed of all salts. Nobody who speaks knows the others'
    /// salts, so nobody chooses a place, and the coordinator has no choice at all.
    /// </summary>
    public static IReadOnlyList<Argument> InOrder(IReadOnlyCollection<Argument> arguments)
    {
        Digest seed = new CanonicalWriter(DomainTags.ArgumentOrder).List([.. arguments.Select(one => one.Salt).Order()], (writer, salt) => writer.Bytes(salt.Bytes)).Hash();
        return [.. arguments.OrderBy(one => new CanonicalWriter(DomainTags.ArgumentOrder).Bytes(seed.Bytes).Bytes(one.Salt.Bytes).Hash()).ThenBy(one => one.Text, StringComparer.Ordinal)];
    }
}

using System.Security.Cryptography;
using System.Text;
using Witan.Dstack;

namespace Witan.Agent;

/// <summary>
/// A file under AES-256-GCM and a key that only this agent can derive: nonce (12 bytes), ciphertext, tag (16). Its name is
/// associated data, so a file put in another's place does not open, nor does one with a changed byte.
/// </summary>
public sealed class SealedFile(AgentSecrets secrets, string path, string name)
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>The content; null where there is no file. Throws <see cref="InvalidDataException"/> where it does not open.</summary>
    public byte[]? Read()
    {
        if (DurableFile.Read(path) is not { } file)
            return null;
        if (file.Length < NonceSize + TagSize)
            throw new InvalidDataException($"{path} is cut off");
        byte[] plain = new byte[file.Length - NonceSize - TagSize];
        byte[] key = secrets.Derive("sealed-file");
        try
        {
            using var gcm = new AesGcm(key, TagSize);
            gcm.Decrypt(file.AsSpan(0, NonceSize), file.AsSpan(NonceSize, plain.Length), file.AsSpan(file.Length - TagSize), plain, Encoding.UTF8.GetBytes(name));
            return plain;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new InvalidDataException($"{path} was changed, or sealed by another agent", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Replaces the content, durably. Returns what was written.</summary>
    public byte[] Write(ReadOnlySpan<byte> content)
    {
        byte[] file = new byte[NonceSize + content.Length + TagSize];
        RandomNumberGenerator.Fill(file.AsSpan(0, NonceSize));
        byte[] key = secrets.Derive("sealed-file");
        try
        {
            using var gcm = new AesGcm(key, TagSize);
            gcm.Encrypt(file.AsSpan(0, NonceSize), content, file.AsSpan(NonceSize, content.Length), file.AsSpan(file.Length - TagSize), Encoding.UTF8.GetBytes(name));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        DurableFile.Write(path, file);
        return file;
    }
}

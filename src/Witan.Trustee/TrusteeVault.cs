using System.Buffers.Binary;
using System.Security.Cryptography;
using Witan.Agent;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>What a trustee must not forget about one proposal.</summary>
/// <param name="Polynomial">Its coefficients, 32 bytes each.</param>
/// <param name="Nonce">The one scalar of its proof of possession, so that a restarted trustee says the same again.</param>
/// <param name="Decrypted">Hash of the event whose closed record it decrypted; zero where it did not.</param>
public sealed record TrusteeMemory(byte[] Polynomial, byte[] Nonce, Digest Decrypted);

/// <summary>
/// A trustee's secrets by proposal, each in a file sealed with AES-256-GCM under its derived key and bound to the proposal. Written
/// to the disk before anything that follows from them is said.
/// </summary>
public sealed class TrusteeVault(AgentSecrets secrets, string directory)
{
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(directory, "shares")).FullName;

    /// <summary>Reads; null where there is nothing. Throws <see cref="InvalidDataException"/> where the file was changed.</summary>
    public TrusteeMemory? Load(Digest proposal)
    {
        string path = PathOf(proposal);
        if (!File.Exists(path))
            return null;
        byte[] file = File.ReadAllBytes(path);
        byte[] key = secrets.Derive("vault");
        try
        {
            if (file.Length < 28)
                throw new InvalidDataException($"{path} is cut off");
            byte[] plain = new byte[file.Length - 28];
            using var gcm = new AesGcm(key, 16);
            gcm.Decrypt(file.AsSpan(0, 12), file.AsSpan(12, plain.Length), file.AsSpan(file.Length - 16), plain, proposal.Bytes);
            int size = BinaryPrimitives.ReadInt32BigEndian(plain);
            return new TrusteeMemory(plain[4..(4 + size)], plain[(4 + size)..(36 + size)], new Digest(plain.AsSpan(36 + size, 32)));
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new InvalidDataException($"{path} was changed, or sealed by another trustee", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Writes and flushes to the disk.</summary>
    public void Save(Digest proposal, TrusteeMemory memory)
    {
        byte[] size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, memory.Polynomial.Length);
        byte[] plain = [.. size, .. memory.Polynomial, .. memory.Nonce, .. memory.Decrypted.Bytes];
        byte[] key = secrets.Derive("vault");
        try
        {
            byte[] file = new byte[plain.Length + 28];
            RandomNumberGenerator.Fill(file.AsSpan(0, 12));
            using (var gcm = new AesGcm(key, 16))
                gcm.Encrypt(file.AsSpan(0, 12), plain, file.AsSpan(12, plain.Length), file.AsSpan(file.Length - 16), proposal.Bytes);
            string next = PathOf(proposal) + ".next";
            using (var stream = new FileStream(next, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                stream.Write(file);
                stream.Flush(flushToDisk: true);
            }

            File.Move(next, PathOf(proposal), overwrite: true);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private string PathOf(Digest proposal) => Path.Combine(_folder, $"{proposal}.sealed");
}

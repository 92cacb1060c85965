using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>
/// What a trustee must not forget, each in a file sealed under its derived key: its polynomial for each proposal, and the
/// memory of what it opened and saw. Written to the disk before anything that follows from it is said.
/// </summary>
public sealed class TrusteeVault
{
    private readonly AgentSecrets _secrets;
    private readonly string _folder;
    private readonly SealedFile _memoryFile;

    /// <summary>Opens the vault of a state directory. Throws <see cref="InvalidDataException"/> where it was changed.</summary>
    public TrusteeVault(AgentSecrets secrets, string directory)
    {
        _secrets = secrets;
        _folder = Directory.CreateDirectory(Path.Combine(directory, "shares")).FullName;
        _memoryFile = new SealedFile(secrets, Path.Combine(directory, "memory.sealed"), "trustee-memory");
        Memory = TrusteeMemory.Empty;
        if (_memoryFile.Read() is not { } bytes)
            return;
        Memory = StrictJson.TryRead(bytes, WireJson.Default.TrusteeMemory, out TrusteeMemory? memory, out string? problem)
            ? memory
            : throw new InvalidDataException($"the trustee's memory cannot be read: {problem}");
    }

    /// <summary>What the trustee saw and opened.</summary>
    public TrusteeMemory Memory { get; private set; }

    /// <summary>Remembers, durably.</summary>
    public void Remember(TrusteeMemory memory)
    {
        if (memory.Version == Memory.Version)
            return;
        _memoryFile.Write(JsonSerializer.SerializeToUtf8Bytes(memory, WireJson.Default.TrusteeMemory));
        Memory = memory;
    }

    /// <summary>
    /// The polynomial for a proposal and the one scalar of its proof of possession, so that a restarted trustee says the same again.
    /// Drawn where there is none and <paramref name="mayDraw"/>; null where it is gone.
    /// </summary>
    public (TrusteeSecret Secret, P256Scalar Nonce)? Secret(Digest proposal, int index, int threshold, bool mayDraw)
    {
        var file = new SealedFile(_secrets, Path.Combine(_folder, $"{proposal}.sealed"), $"polynomial/{proposal}");
        if (file.Read() is { } bytes)
        {
            if (TrusteeSecret.TryDecode(index, bytes.AsSpan(P256Scalar.Size), out TrusteeSecret? known)
                && P256Scalar.TryDecode(bytes.AsSpan(0, P256Scalar.Size), out P256Scalar? kept))
            {
                System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
                return (known, kept);
            }

            throw new InvalidDataException("this trustee's secret for the proposal is damaged");
        }

        if (!mayDraw)
            return null;
        TrusteeSecret secret = TrusteeSecret.Create(index, threshold, P256Scalar.Random);
        P256Scalar nonce = P256Scalar.Random();
        byte[] content = [.. nonce.ToBytes(), .. secret.ToBytes()];
        file.Write(content);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(content);
        return (secret, nonce);
    }
}

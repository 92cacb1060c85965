using System.Security.Cryptography;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>
/// What a trustee must not forget, each in a file sealed under its derived key: its secret for each proposal, and the
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
    /// The secret for the key generation of a record, bound to the event that enrolled its trustees. Drawn where there is none and
    /// <paramref name="mayDraw"/>; null where it is gone. Throws <see cref="InvalidDataException"/> where it is for another enrolment of the proposal: a
    /// coordinator that shows two records would get shares of one polynomial for two sets of trustees.
    /// </summary>
    public TrusteeSecret? Secret(RecordState state, int index, bool mayDraw)
    {
        Digest proposal = state.ProposalId;
        if (File.Exists(Path.Combine(_folder, $"{proposal}.sealed")))
            throw new InvalidDataException("this trustee's secret for the proposal is of an earlier version, which did not bind it to the enrolled trustees: it takes no further part in it");
        var file = new SealedFile(_secrets, Path.Combine(_folder, $"{proposal}.secret.sealed"), $"secret/{proposal}");
        if (file.Read() is { } bytes)
            return Restore(bytes, state.EnrolledHead, index);
        if (!mayDraw)
            return null;
        TrusteeSecret secret = TrusteeSecret.Create(index, state.Body.Threshold, P256Scalar.Random);
        byte[] drawn = secret.ToBytes();
        byte[] content = [.. state.EnrolledHead.Bytes, .. drawn];
        file.Write(content);
        CryptographicOperations.ZeroMemory(drawn);
        CryptographicOperations.ZeroMemory(content);
        return secret;
    }

    private static TrusteeSecret Restore(byte[] content, Digest enrolled, int index)
    {
        try
        {
            int head = enrolled.Bytes.Length;
            if (content.Length < head || !TrusteeSecret.TryDecode(index, content.AsSpan(head), out TrusteeSecret? secret))
                throw new InvalidDataException("this trustee's secret for the proposal is damaged");
            if (content.AsSpan(0, head).SequenceEqual(enrolled.Bytes))
                return secret;
            secret.Dispose();
            throw new InvalidDataException("this trustee has a secret for another enrolment of the proposal: the coordinator shows two records of it, and nothing is said in the second");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }
}

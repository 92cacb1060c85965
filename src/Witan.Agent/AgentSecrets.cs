using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>The secrets of an agent: born in the TEE from one derived path per use, or, in LOCAL_MODE, kept in a file.</summary>
public sealed class AgentSecrets : IDisposable
{
    private const string LocalKey = "local.key";
    private readonly byte[] _root;

    private AgentSecrets(byte[] root, string instance)
    {
        _root = root;
        Instance = instance;
        SigningSeed = Derive("signing");
        (EncryptionSecret, P256Point encryption) = Hpke.DeriveKeyPair(Derive("encryption"));
        Keys = new AgentKeys(new Digest(Ed25519.PublicKey(SigningSeed)), encryption);
    }

    /// <summary>The public keys.</summary>
    public AgentKeys Keys { get; }

    /// <summary>The instance's name.</summary>
    public string Instance { get; }

    /// <summary>Ed25519 seed. Never leaves the process.</summary>
    public byte[] SigningSeed { get; }

    /// <summary>P-256 secret for HPKE. Never leaves the process.</summary>
    public P256Scalar EncryptionSecret { get; }

    /// <summary>
    /// Derives the secrets from the guest agent. Instances of one app derive the same root, so the instance's id is part of
    /// the path: a restarted container is the same agent, a second instance is another one. Where instances are <paramref name="shared"/>,
    /// as coordinators of one store are, the path leaves it out and they speak with one key.
    /// </summary>
    public static async Task<AgentSecrets> FromDstackAsync(DstackClient client, AgentRole role, bool shared, CancellationToken cancellationToken)
    {
        InfoResponse info = await client.InfoAsync(cancellationToken);
        string path = $"witan/{role.ToString().ToLowerInvariant()}/{(shared ? "shared" : info.InstanceId)}";
        using GetKeyResponse key = await client.GetKeyAsync(path, cancellationToken: cancellationToken);
        return new AgentSecrets(key.ToBytes(), info.InstanceId);
    }

    /// <summary>LOCAL_MODE: 32 random bytes in a file that only its owner can read, made where it is missing.</summary>
    public static AgentSecrets FromDirectory(string directory)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, LocalKey);
        if (!File.Exists(path))
        {
            using var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            stream.Write(RandomNumberGenerator.GetBytes(32));
        }

        return ReadDirectory(directory);
    }

    /// <summary>
    /// LOCAL_MODE: the same from a file that is there, and nothing is made. Throws <see cref="FileNotFoundException"/> where it is missing and
    /// <see cref="InvalidDataException"/> where it is no key.
    /// </summary>
    public static AgentSecrets ReadDirectory(string directory)
    {
        string path = Path.Combine(directory, LocalKey);
        if (!File.Exists(path))
            throw new FileNotFoundException($"there is no {path}", path);
        byte[] root = File.ReadAllBytes(path);
        return root.Length == 32
            ? new AgentSecrets(root, "local")
            : throw new InvalidDataException($"{path} has {root.Length} bytes; a key has 32");
    }

    /// <summary>A 32-byte key for one use.</summary>
    public byte[] Derive(string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _root, 32, "witan/agent/v1"u8.ToArray(), System.Text.Encoding.UTF8.GetBytes(use));

    /// <inheritdoc />
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_root);
        CryptographicOperations.ZeroMemory(SigningSeed);
        EncryptionSecret.Dispose();
    }
}

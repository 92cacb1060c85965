using System.Security.Cryptography;

namespace Witan.Worker.Memory;

/// <summary>Who owns a memory for which no owner is set.</summary>
public static class MemoryOwner
{
    private const string KeyPath = "witan/worker/memory-owner";

    /// <summary>
    /// A key of the app, so that the memory opens on each of its hosts. Nobody holds its secret, so nobody can add notes; an owner who is set
    /// later takes over. <paramref name="appKey"/> derives 32 bytes for a path.
    /// </summary>
    public static async Task<byte[]> OfAppAsync(Func<string, CancellationToken, Task<byte[]>> appKey, CancellationToken cancellationToken)
    {
        byte[] seed = await appKey(KeyPath, cancellationToken);
        try
        {
            return Witan.Crypto.Ed25519.PublicKey(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }
}

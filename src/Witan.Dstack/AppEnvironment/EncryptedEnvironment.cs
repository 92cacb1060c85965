using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Crypto;
using Witan.Dstack.Compose;

namespace Witan.Dstack.AppEnvironment;

/// <summary>
/// dstack's encryption of an app's environment: X25519 with a fresh key, the shared secret used directly as an AES-256-GCM key,
/// no additional data. The blob is ephemeral public key (32 bytes), IV (12), ciphertext, tag (16).
/// </summary>
public static class EncryptedEnvironment
{
    private const int IvSize = 12;
    private const int TagSize = 16;

    /// <summary>The shortest blob that is looked at: a key and an IV.</summary>
    public const int MinimumSize = X25519.KeySize + IvSize;

    /// <summary>Encrypts to the app's public key. Check who signed that key first: <see cref="EnvironmentKeySignature"/>.</summary>
    /// <param name="publicKey">X25519 public key of the app, 32 bytes.</param>
    /// <param name="environment">Names and values; the order of the blob is the order given.</param>
    /// <exception cref="ArgumentException">The key has not 32 bytes, or is one of those that give no secret.</exception>
    public static byte[] Encrypt(ReadOnlySpan<byte> publicKey, IEnumerable<KeyValuePair<string, string>> environment)
    {
        byte[] ephemeral = X25519.NewPrivateKey();
        Span<byte> iv = stackalloc byte[IvSize];
        RandomNumberGenerator.Fill(iv);
        try
        {
            return Encrypt(publicKey, environment, ephemeral, iv);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(ephemeral);
        }
    }

    // With the randomness as an argument, for the vectors. An IV must never be used twice with one key.
    internal static byte[] Encrypt(
        ReadOnlySpan<byte> publicKey, IEnumerable<KeyValuePair<string, string>> environment, ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> iv)
    {
        if (!X25519.TryAgree(ephemeral, publicKey, out byte[]? key))
            throw new ArgumentException("the environment key is no usable X25519 key", nameof(publicKey));
        byte[] plain = Write(environment);
        try
        {
            byte[] blob = new byte[MinimumSize + plain.Length + TagSize];
            X25519.PublicKey(ephemeral).CopyTo(blob, 0);
            iv.CopyTo(blob.AsSpan(X25519.KeySize));
            using var aes = new AesGcm(key, TagSize);
            aes.Encrypt(iv, plain, blob.AsSpan(MinimumSize, plain.Length), blob.AsSpan(MinimumSize + plain.Length));
            return blob;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>
    /// Decrypts a blob with the app's private key. False where it is too short, was made for another key, was changed, or does not hold
    /// a list of names and values. Of a name that is there twice the last value counts.
    /// </summary>
    public static bool TryDecrypt(
        ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> blob, [NotNullWhen(true)] out IReadOnlyDictionary<string, string>? environment)
    {
        environment = null;
        if (blob.Length < MinimumSize + TagSize || !X25519.TryAgree(privateKey, blob[..X25519.KeySize], out byte[]? key))
            return false;
        byte[] plain = new byte[blob.Length - MinimumSize - TagSize];
        try
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(blob.Slice(X25519.KeySize, IvSize), blob[MinimumSize..^TagSize], blob[^TagSize..], plain);
            environment = Read(plain);
        }
        catch (Exception e) when (e is AuthenticationTagMismatchException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Not for this key, changed, or not an environment: false says all there is to say.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(plain);
        }

        return environment is not null;
    }

    private static byte[] Write(IEnumerable<KeyValuePair<string, string>> environment)
    {
        KeyValuePair<string, string>[] pairs = [.. environment];
        // Room for the worst case, so that no half-filled buffer with secrets in it is left behind by growing.
        var output = new ArrayBufferWriter<byte>(32 + pairs.Sum(pair => 32 + (6 * (pair.Key.Length + pair.Value.Length))));
        output.Write("{\"env\":["u8);
        bool next = false;
        foreach ((string name, string value) in pairs)
        {
            output.Write(next ? ",{\"key\":"u8 : "{\"key\":"u8);
            CanonicalJson.WriteText(name, output);
            output.Write(",\"value\":"u8);
            CanonicalJson.WriteText(value, output);
            output.Write("}"u8);
            next = true;
        }

        output.Write("]}"u8);
        byte[] plain = output.WrittenSpan.ToArray();
        // Zeroes what was written.
        output.Clear();
        return plain;
    }

    private static Dictionary<string, string> Read(byte[] plain)
    {
        using JsonDocument json = JsonDocument.Parse(plain, new JsonDocumentOptions { MaxDepth = 8 });
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonElement item in json.RootElement.GetProperty("env").EnumerateArray())
            environment[Text(item, "key")] = Text(item, "value");
        return environment;
    }

    // Anybody can encrypt to the app: null in place of a text must not get through.
    private static string Text(JsonElement item, string name) =>
        item.GetProperty(name).GetString() ?? throw new InvalidOperationException($"{name} is null");
}

namespace Witan.Dstack.Cloud;

/// <summary>dstack's encryption of an app's environment, and the check of the key it is encrypted to.</summary>
public interface IEnvironmentCipher
{
    /// <summary>
    /// The compressed secp256k1 key of the key service that signed <paramref name="key"/> for this app, as 66 hexadecimal digits; null where the
    /// signature is missing, malformed or too old.
    /// </summary>
    string? RecoverSigner(EnvironmentKey key, string appId, DateTimeOffset at);

    /// <summary>Encrypts the variables to an X25519 public key (64 hexadecimal digits); the result is hexadecimal, as the API takes it.</summary>
    string Encrypt(string publicKey, IReadOnlyDictionary<string, string> environment);
}

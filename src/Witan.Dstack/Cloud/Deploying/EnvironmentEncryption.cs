namespace Witan.Dstack.Cloud;

/// <summary>Fetches the key for an app's environment, makes sure who signed it, and only then encrypts.</summary>
internal sealed class EnvironmentEncryption(PhalaCloudClient cloud, IEnvironmentCipher cipher, TimeProvider clock)
{
    /// <summary>The encrypted environment in hexadecimal, or null where there are no variables.</summary>
    /// <param name="request">Variables, and the key service to trust.</param>
    /// <param name="appId">The app.</param>
    /// <param name="kms">Slug or id of its key service.</param>
    /// <param name="offered">The key that provisioning named; must be the signed one.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="DeploymentException">The key is not proven to be the key service's.</exception>
    public async Task<string?> EncryptAsync(
        DeploymentRequest request, string appId, string? kms, string? offered, CancellationToken cancellationToken)
    {
        if (request.Environment.Count == 0)
            return null;
        if (kms is null)
            throw new DeploymentException("the platform names no key service, so its key cannot be checked", "deploy without an environment file, or ask the platform for a key service");

        EnvironmentKey key = await cloud.GetEnvironmentKeyAsync(kms, appId, cancellationToken);
        string signer = cipher.RecoverSigner(key, appId, clock.GetUtcNow())
            ?? throw new DeploymentException("the environment key carries no valid signature of its key service", "nothing was sent; try again, and report it if it stays so");
        string trusted = Bare(request.TrustedKmsKey ?? throw new DeploymentException(
            $"the environment key is signed by 0x{signer}, and no key service is trusted yet",
            $"compare that key with the one the platform or the contract publishes, then pass --kms-key 0x{signer}"));
        if (!string.Equals(signer, trusted, StringComparison.OrdinalIgnoreCase))
        {
            throw new DeploymentException(
                $"the environment key is signed by 0x{signer} and not by the trusted 0x{trusted}",
                "nothing was sent; find out why before you trust another key");
        }

        string publicKey = Bare(key.PublicKey ?? "");
        if (publicKey.Length != 64 || !publicKey.All(char.IsAsciiHexDigit))
            throw new DeploymentException("the environment key is not 32 bytes", "nothing was sent; report it");
        if (offered is not null && !string.Equals(Bare(offered), publicKey, StringComparison.OrdinalIgnoreCase))
        {
            throw new DeploymentException(
                "provisioning names another environment key than the key service signed", "nothing was sent; find out why before you deploy");
        }

        return cipher.Encrypt(publicKey, request.Environment);
    }

    private static string Bare(string hex) => hex.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? hex[2..] : hex;
}

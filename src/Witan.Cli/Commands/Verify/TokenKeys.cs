using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>A file of public keys (JWKS).</summary>
internal static class TokenKeys
{
    public static JsonWebKeySet Read(string path) =>
        JsonWebKeySet.TryParse(InputFile.Read(path, JsonWebKeySet.MaximumSize), out JsonWebKeySet? set, out Finding? refusal)
            ? set
            : throw new CommandException($"{path}: {refusal.Message}", refusal.Remedy);

    /// <summary>Adds a key to a file, which keeps the others: tokens of an old key are checked until they end.</summary>
    public static void Publish(string path, JsonWebKey key)
    {
        JsonWebKeySet set = (File.Exists(path) ? Read(path) : new JsonWebKeySet([])).With(key);
        try
        {
            string whole = Path.GetFullPath(path), next = $"{whole}.{Environment.ProcessId}.new";
            File.WriteAllBytes(next, set.ToJson());
            File.Move(next, whole, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written: {e.Message}");
        }
    }
}

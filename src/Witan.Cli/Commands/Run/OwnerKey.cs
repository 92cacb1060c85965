using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Run;

/// <summary>The secret key of a worker's owner, in a file.</summary>
internal static class OwnerKey
{
    public static Option<string> Option() => new("--owner-key") { Description = "file with the owner's 32-byte seed in hexadecimal", Required = true };

    /// <summary>The seed. Throws <see cref="CommandException"/> where the file holds none.</summary>
    public static byte[] Seed(string path)
    {
        string text = System.Text.Encoding.ASCII.GetString(InputFile.Read(path, 1024)).Trim();
        return Digest.TryParse(text, out Digest seed)
            ? seed.Bytes.ToArray()
            : throw new CommandException($"{path} holds no key of 64 hexadecimal digits", "make one: openssl rand -hex 32 > owner.key");
    }
}

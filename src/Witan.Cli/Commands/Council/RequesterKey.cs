using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Council;

/// <summary>The key with which a requester signs: a file with a seed of 32 bytes in hexadecimal.</summary>
internal static class RequesterKey
{
    public static Option<string?> Option() => new("--key") { Description = "file with the requester's 32-byte seed in hexadecimal (LOCAL_MODE without listed requesters needs none)" };

    /// <summary>The seed of a file; a new one where no file is named.</summary>
    public static byte[] Read(string? path)
    {
        if (path is null)
            return RandomNumberGenerator.GetBytes(32);
        string text = Encoding.ASCII.GetString(InputFile.Read(path, 1024)).Trim();
        return text.Length == 64 && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new CommandException($"{path} is no seed of 64 hexadecimal digits", "give the file that was made for this requester; witan up makes a new one where DIR/state/requester.key is deleted");
    }
}

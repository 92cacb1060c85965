using System.Security.Cryptography;
using System.Text;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Simulator;

/// <summary>What a simulator's keys follow from: a text that was given, or random bytes kept in its directory.</summary>
internal static class SimulatorSeed
{
    public static byte[] Of(string? text, string directory)
    {
        if (text is not null)
            return SHA256.HashData(Encoding.UTF8.GetBytes("witan simulator seed: " + text));
        string path = Path.Combine(directory, "seed");
        if (!File.Exists(path))
            OutputFile.Write(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))));
        try
        {
            byte[] seed = Convert.FromHexString(Encoding.ASCII.GetString(InputFile.Read(path, 4096)).Trim());
            if (seed.Length >= 16)
                return seed;
        }
        catch (FormatException)
        {
            // Said below.
        }

        throw new CommandException($"{path} is no hexadecimal seed of at least 16 bytes", "delete it to make a new one");
    }
}

using Witan.Dstack;

namespace Witan.Cli.CommandLine;

/// <summary>Writes a file that a user named, whole or not at all.</summary>
internal static class OutputFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            DurableFile.Write(path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written: {e.Message}");
        }
    }
}

namespace Witan.Cli.CommandLine;

/// <summary>Reads files that a user named; what goes wrong becomes one line.</summary>
public static class InputFile
{
    /// <summary>All bytes of a file of at most <paramref name="maximum"/> bytes; <c>-</c> is standard input.</summary>
    public static byte[] Read(string path, int maximum)
    {
        try
        {
            if (path == "-")
            {
                using Stream input = Console.OpenStandardInput();
                using var all = new MemoryStream();
                input.CopyTo(all);
                return all.ToArray();
            }

            if (Directory.Exists(path))
                throw new CommandException($"{path} is a directory", "give a file");
            long length = new FileInfo(path).Length;
            return length <= maximum
                ? File.ReadAllBytes(path)
                : throw new CommandException($"{path} has {length} bytes; at most {maximum} are read");
        }
        catch (FileNotFoundException)
        {
            throw new CommandException($"{path} does not exist", "check the path");
        }
        catch (DirectoryNotFoundException)
        {
            throw new CommandException($"{path} does not exist", "check the path");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Creates a directory that can be written to.</summary>
    public static string WritableDirectory(string path)
    {
        try
        {
            string full = Path.GetFullPath(path);
            Directory.CreateDirectory(full);
            string probe = Path.Combine(full, $".witan-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written to: {e.Message}", "choose another directory");
        }
    }
}

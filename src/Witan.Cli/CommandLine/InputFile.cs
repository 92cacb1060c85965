namespace Witan.Cli.CommandLine;

/// <summary>Reads files that a user named; what goes wrong becomes one line.</summary>
public static class InputFile
{
    /// <summary>All bytes of a file of at most <paramref name="maximum"/> bytes; <c>-</c> is standard input.</summary>
    public static byte[] Read(string path, int maximum)
    {
        if (path.Length == 0)
            throw new CommandException("the name of a file is empty", "a variable that is not set gives an empty name");
        try
        {
            if (path == "-")
            {
                using Stream input = Console.OpenStandardInput();
                return Read(input, "standard input", maximum);
            }

            if (Directory.Exists(path))
                throw new CommandException($"{path} is a directory", "give a file");
            using FileStream file = File.OpenRead(path);
            return Read(file, path, maximum);
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

    // Pipes and devices say no length, or a wrong one, so the limit is held while reading.
    private static byte[] Read(Stream input, string name, int maximum)
    {
        using var all = new MemoryStream();
        byte[] part = new byte[81920];
        for (int read; (read = input.Read(part)) > 0;)
        {
            all.Write(part, 0, read);
            if (all.Length > maximum)
                throw new CommandException($"{name} has more than {maximum} bytes, which is the most that is read here", "check that this is the right file");
        }

        return all.ToArray();
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

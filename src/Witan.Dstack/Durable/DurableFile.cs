namespace Witan.Dstack;

/// <summary>
/// Small files that must survive: written beside, flushed to the disk and renamed over, so that a crash leaves the old content
/// or the new and nothing between. Readable by their owner alone.
/// </summary>
public static class DurableFile
{
    /// <summary>Longest content, bytes. What is longer is not written, since it could not be read again.</summary>
    public const int MaximumBytes = 256 << 20;

    /// <summary>Replaces a file's content. Throws <see cref="IOException"/> where it is too long or the disk does not take it.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        if (content.Length > MaximumBytes)
            throw new IOException($"{path} would have {content.Length} bytes; such a file has at most {MaximumBytes}");
        // Programs that share a directory may write the same file at once: each beside it under a name of its own.
        string next = $"{path}.{Environment.ProcessId}.next";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(next, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        FileOwner.Keep(path, next);
        File.Move(next, path, overwrite: true);
        // The rename itself is durable only when the directory is.
        DurableDirectory.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>The content; null where there is no such file.</summary>
    public static byte[]? Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return null;
        return file.Length <= MaximumBytes
            ? File.ReadAllBytes(path)
            : throw new InvalidDataException($"{path} has {file.Length} bytes, which cannot be");
    }
}

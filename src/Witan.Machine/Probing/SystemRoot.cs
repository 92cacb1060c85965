namespace Witan.Machine;

/// <summary>
/// The file tree that is looked at: the machine's own, or a directory that stands for it. Opens everything for reading
/// only, devices excepted, which are opened for reading and writing because their drivers ask for it. Writes nothing.
/// </summary>
internal sealed unsafe class SystemRoot(string directory)
{
    /// <summary>Longest file read, bytes; what is looked at is smaller.</summary>
    public const int MaximumFile = 1 << 16;

    // Longer than any name: what stands behind too many links is refused, as the kernel refuses it.
    private static readonly string Nowhere = "/" + new string('-', 256);
    private readonly string _prefix = directory.TrimEnd('/');

    /// <summary>Whether this is the machine itself.</summary>
    public bool IsLive => _prefix.Length == 0;

    public string Directory => directory;

    /// <summary>Where a path of the tree lies. A link leads to where it leads for who lives in the tree, never out of it.</summary>
    public string Real(string path) => IsLive ? path : _prefix + WithinTree(path);

    /// <summary>The text of a small file, without trailing white space.</summary>
    public Reading Text(string path, int limit = MaximumFile)
    {
        Reading failure = Bytes(path, limit, out byte[] bytes);
        return failure.IsFailure ? failure : Reading.Of(System.Text.Encoding.UTF8.GetString(bytes).TrimEnd());
    }

    /// <summary>Bytes of a file from its beginning; the reading is a failure where it cannot be read.</summary>
    public Reading Bytes(string path, int limit, out byte[] bytes)
    {
        bytes = [];
        int file = Libc.Open(Real(path), Libc.ReadOnly | Libc.CloseOnExec | Libc.NonBlocking);
        if (file < 0)
            return Reading.Failed(Errno.Name(Libc.LastError));
        try
        {
            byte[] buffer = new byte[limit];
            int at = 0;
            fixed (byte* start = buffer)
            {
                while (at < limit)
                {
                    nint got = Libc.Read(file, start + at, limit - at);
                    if (got < 0)
                        return Reading.Failed(Errno.Name(Libc.LastError));
                    if (got == 0)
                        break;
                    at += (int)got;
                }
            }

            bytes = buffer[..at];
            return Reading.NotRecorded;
        }
        finally
        {
            Libc.Close(file);
        }
    }

    /// <summary>Eight bytes at an offset, as the driver of model-specific registers gives them.</summary>
    public Reading UInt64At(string path, long offset)
    {
        int file = Libc.Open(Real(path), Libc.ReadOnly | Libc.CloseOnExec | Libc.NonBlocking);
        if (file < 0)
            return Reading.Failed(Errno.Name(Libc.LastError));
        ulong value = 0;
        nint got = Libc.ReadAt(file, (byte*)&value, sizeof(ulong), offset);
        int error = Libc.LastError;
        Libc.Close(file);
        return got == sizeof(ulong) ? Reading.Of(value.ToString("x16")) : Reading.Failed(got < 0 ? Errno.Name(error) : "EIO");
    }

    /// <summary>Whether a path exists, without opening it. A directory above that lets nobody look is no "not there".</summary>
    public Reading Exists(string path) =>
        Libc.Access(Real(path), Libc.Exists) == 0 ? Reading.Of("present") : Reading.Failed(Errno.Name(Libc.LastError));

    /// <summary>Opens a device node and closes it again, after one request if there is one.</summary>
    public Reading Open(string path, Action<int>? request = null)
    {
        int file = Libc.Open(Real(path), Libc.ReadWrite | Libc.CloseOnExec | Libc.NonBlocking);
        if (file < 0)
            return Reading.Failed(Errno.Name(Libc.LastError));
        try
        {
            request?.Invoke(file);
            return Reading.Of("opened");
        }
        finally
        {
            Libc.Close(file);
        }
    }

    /// <summary>Names in a directory; empty where there is none or it cannot be read.</summary>
    public string[] List(string path)
    {
        string real = Real(path);
        if (!System.IO.Directory.Exists(real))
            return [];
        var names = new List<string>();
        var options = new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };
        foreach (string entry in System.IO.Directory.EnumerateFileSystemEntries(real, "*", options))
            names.Add(Path.GetFileName(entry));
        return [.. names.Order(StringComparer.Ordinal)];
    }

    // An image has /var/run as a link to /run, and the kernel would take that for the /run of this machine.
    private string WithinTree(string path)
    {
        const int MostLinks = 40;
        var ahead = new Stack<string>(path.Split('/').Reverse());
        var passed = new List<string>();
        for (int links = 0; ahead.TryPop(out string? name);)
        {
            if (name is "" or ".")
                continue;
            if (name == "..")
            {
                if (passed.Count > 0)
                    passed.RemoveAt(passed.Count - 1);
                continue;
            }

            passed.Add(name);
            string here = "/" + string.Join('/', passed);
            if (new FileInfo(_prefix + here).LinkTarget is not { } target)
                continue;
            if (++links > MostLinks)
                return Nowhere;
            passed.RemoveAt(passed.Count - 1);
            if (target.StartsWith('/'))
                passed.Clear();
            foreach (string part in target.Split('/').Reverse())
                ahead.Push(part);
        }

        return "/" + string.Join('/', passed);
    }
}

namespace Witan.Machine;

/// <summary>An entry of the interface as it lies in the file system.</summary>
internal sealed unsafe class ReportEntry(SystemRoot root, string path) : IReportEntry
{
    private const uint OwnerOnly = 0b111_000_000;

    public Reading Make() => Result(Libc.MakeDirectory(root.Real(path), OwnerOnly));

    public Reading Write(string attribute, ReadOnlySpan<byte> bytes)
    {
        int file = Libc.Open(root.Real($"{path}/{attribute}"), Libc.WriteOnly | Libc.CloseOnExec | Libc.NonBlocking);
        if (file < 0)
            return Result(file);
        // The kernel takes the bytes when the file is closed, and says nothing then: the generation tells whether it has.
        Reading written;
        fixed (byte* start = bytes)
        {
            nint count = Libc.Write(file, start, bytes.Length);
            written = count == bytes.Length ? Result(0) : count < 0 ? Result(-1) : Reading.Failed("EIO");
        }

        Libc.Close(file);
        return written;
    }

    public Reading Read(string attribute, out byte[] bytes)
    {
        Reading failure = root.Bytes($"{path}/{attribute}", SystemRoot.MaximumFile, out bytes);
        return failure.IsFailure ? failure : Reading.Of("read");
    }

    public void Remove() => _ = Libc.RemoveDirectory(root.Real(path));

    private static Reading Result(int returned) => returned < 0 ? Reading.Failed(Errno.Name(Libc.LastError)) : Reading.Of("done");
}

namespace Witan.Worker.Memory;

/// <summary>
/// A memory that cannot be opened or written: another key, a changed file, a full disk. A storage error, never a reason to
/// start with an empty mind.
/// </summary>
public sealed class MemoryException(string message, Exception? inner = null) : IOException(message, inner)
{
    internal static MemoryException Older(ulong changed, ulong seen) =>
        new($"the memory was changed {changed} times, and {seen} times when this worker last saw it: an older one was put back");
}

namespace Witan.Coordinator.Limits;

/// <summary>
/// Memory that the bodies of all requests may take together, whoever sends them: thousands of slow senders hold what they have sent so far,
/// and no more than this.
/// </summary>
internal sealed class BodyMemory(long limit)
{
    /// <summary>A quarter of what the process may have, at most 256 MiB.</summary>
    public static long Default => Math.Min(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    private long _taken;

    /// <summary>Bytes that are taken now.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Takes so many bytes; false, and nothing is taken, where they are not there.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit)
            return true;
        Give(bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);
}

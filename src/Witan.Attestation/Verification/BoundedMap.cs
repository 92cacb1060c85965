using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Witan.Attestation;

/// <summary>
/// A map that forgets: two generations, and when the young one is full the old one is dropped. What is asked for again moves to
/// the young one. Reads take no lock. At most twice its capacity is held, plus one entry for each thread that adds meanwhile.
/// </summary>
internal sealed class BoundedMap<T>(int capacity)
    where T : class
{
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<CacheKey, T> _young = new();
    private volatile ConcurrentDictionary<CacheKey, T> _old = new();
    private int _count;

    public int Count => _young.Count + _old.Count;

    public T? Find(in CacheKey key)
    {
        if (_young.TryGetValue(key, out T? value))
            return value;
        if (!_old.TryGetValue(key, out value))
            return null;
        Add(key, value);
        return value;
    }

    public void Add(in CacheKey key, T value)
    {
        if (!_young.TryAdd(key, value) || Interlocked.Increment(ref _count) < capacity)
            return;
        lock (_gate)
        {
            if (_count < capacity)
                return;
            _old = _young;
            _young = new ConcurrentDictionary<CacheKey, T>();
            _count = 0;
        }
    }
}

/// <summary>A SHA-256 over exactly what was verified.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CacheKey(ulong A, ulong B, ulong C, ulong D)
{
    public static CacheKey Of(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(hash),
        BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(hash[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(hash[24..]));

    /// <inheritdoc />
    public override int GetHashCode() => A.GetHashCode();
}

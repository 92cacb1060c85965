using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using Witan.Machine;

namespace Witan.Tests.Machine.Launching;

/// <summary>
/// The driver and the processor in software: takes the same requests at the same addresses, checks order, alignment and
/// contents as they do, measures what it is given with its own code, and decides about the signature by the arithmetic of
/// EINIT. A test may have any step fail.
/// </summary>
internal sealed unsafe class SoftwareSgx : IEnclaveKernel
{
    private const int Descriptor = 7;
    private readonly List<byte> _stream = [];
    private readonly Dictionary<ulong, int> _added = [];
    private byte[] _secs = [];
    private nint _reserved;
    private nuint _length;
    private bool _open;

    /// <summary>Errno of a step (open, reserve, create, add, map, init); zero lets it work.</summary>
    public Dictionary<string, int> Fails { get; } = [];

    /// <summary>How often INIT is interrupted before it works.</summary>
    public int Interruptions { get; set; }

    /// <summary>Whether only the signer of this hash may launch without DEBUG; null where launch control is flexible.</summary>
    public byte[]? LockedTo { get; set; }

    /// <summary>Pages taken by ADD_PAGES, as a driver that is short of memory says.</summary>
    public ulong Taken { get; set; } = 4096;

    public List<string> Steps { get; } = [];

    public byte[] MrEnclave => SHA256.HashData(_stream.ToArray());

    public ulong Attributes => BinaryPrimitives.ReadUInt64LittleEndian(_secs.AsSpan(48));

    public ulong Xfrm => BinaryPrimitives.ReadUInt64LittleEndian(_secs.AsSpan(56));

    /// <summary>Whether everything that was opened and reserved was given back.</summary>
    public bool IsClean => !_open && _reserved == 0;

    public int Open(string path, out int descriptor)
    {
        descriptor = Descriptor;
        Steps.Add("open");
        int error = Fails.GetValueOrDefault("open");
        _open = error == 0;
        return error;
    }

    public int Reserve(nuint length, out nint address)
    {
        // Aligned to a page and to nothing more, so that the launcher has to align by itself.
        (_reserved, _length) = Fails.ContainsKey("reserve") ? (0, 0) : (unchecked((nint)0x7F12_3456_7000), length);
        address = _reserved == 0 ? -1 : _reserved;
        return Fails.GetValueOrDefault("reserve");
    }

    public int Release(nint address, nuint length)
    {
        if (address != _reserved || length != _length)
            return Errno.Einval;
        _reserved = 0;
        return 0;
    }

    public void Close(int descriptor) => _open = descriptor != Descriptor;

    public int MapDevice(nint address, nuint length, int protection, int descriptor)
    {
        Steps.Add("map");
        if (Fails.TryGetValue("map", out int error))
            return error;
        ulong offset = (ulong)address - BinaryPrimitives.ReadUInt64LittleEndian(_secs.AsSpan(8));
        // A mapping may not allow more than the page's own rights.
        return descriptor == Descriptor && length == 4096 && _added.TryGetValue(offset, out int most) && (protection & ~most) == 0 ? 0 : Errno.Eacces;
    }

    public int Request(int descriptor, ulong number, nint argument)
    {
        if (descriptor != Descriptor || !_open)
            return Errno.Ebadf;
        return number switch
        {
            EnclaveLauncher.Create => Create(*(byte**)argument),
            EnclaveLauncher.AddPages => Add((ulong*)argument),
            EnclaveLauncher.Init => Init(*(byte**)argument),
            _ => Errno.Enotty,
        };
    }

    private int Create(byte* secs)
    {
        Steps.Add("create");
        if (Fails.TryGetValue("create", out int error))
            return error;
        if ((ulong)secs % 4096 != 0 || _secs.Length > 0)
            return Errno.Einval;
        _secs = new ReadOnlySpan<byte>(secs, 4096).ToArray();
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(_secs), start = BinaryPrimitives.ReadUInt64LittleEndian(_secs.AsSpan(8));
        bool inside = start >= (ulong)_reserved && start + size <= (ulong)_reserved + _length;
        bool reserved = _secs.AsSpan(24, 24).ContainsAnyExcept((byte)0) || _secs.AsSpan(64).ContainsAnyExcept((byte)0);
        uint frame = BinaryPrimitives.ReadUInt32LittleEndian(_secs.AsSpan(16));
        if (!ulong.IsPow2(size) || start % size != 0 || !inside || reserved)
            return Errno.Einval;
        if ((Attributes & 4) == 0 || (Xfrm & 3) != 3 || FrameSize(Xfrm) > frame * 4096)
            return Errno.Eio;
        Record("ECREATE", [.. Little(frame), .. Little(size)]);
        return 0;
    }

    private int Add(ulong* argument)
    {
        Steps.Add("add");
        if (Fails.TryGetValue("add", out int error))
            return error;
        (ulong source, ulong offset, ulong length, ulong secInfo, ulong flags) = (argument[0], argument[1], argument[2], argument[3], argument[4]);
        if (source % 4096 != 0 || offset % 4096 != 0 || length != 4096 || secInfo % 64 != 0 || flags > 1 || _secs.Length == 0 || Steps.Contains("init"))
            return Errno.Einval;
        ReadOnlySpan<byte> info = new((byte*)secInfo, 64), data = new((byte*)source, 4096);
        ulong page = BinaryPrimitives.ReadUInt64LittleEndian(info);
        bool isTcs = (page >> 8 & 0xFF) == 1;
        if (info[8..].ContainsAnyExcept((byte)0) || (page >> 8 & 0xFF) is not (1 or 2) || (isTcs && (page & 7) != 0) || !_added.TryAdd(offset, isTcs ? 3 : (int)(page & 7)))
            return Errno.Einval;
        Record("EADD", [.. Little(offset), .. info[..48]]);
        for (int at = 0; flags == 1 && at < 4096; at += 256)
        {
            Record("EEXTEND", Little(offset + (ulong)at));
            _stream.AddRange(data.Slice(at, 256));
        }

        argument[5] = Taken;
        return 0;
    }

    private int Init(byte* signed)
    {
        Steps.Add("init");
        if (Fails.TryGetValue("init", out int error))
            return error;
        if (Interruptions-- > 0)
            return Errno.Eintr;
        ReadOnlySpan<byte> s = new(signed, SigStruct.Size);
        ulong flags = U64(s, 928), xfrm = U64(s, 936), flagsMask = U64(s, 944), xfrmMask = U64(s, 952);
        bool identity = s.Slice(960, 32).SequenceEqual(MrEnclave) && (flags & flagsMask) == (Attributes & flagsMask) && (xfrm & xfrmMask) == (Xfrm & xfrmMask);
        bool allowed = LockedTo is null || SHA256.HashData(s.Slice(128, 384)).AsSpan().SequenceEqual(LockedTo);
        return identity && allowed && IsSigned(s) ? 0 : Errno.Eperm;
    }

    // s^3 mod n without a division by n: EINIT multiplies by the two quotients instead, so wrong ones fail here.
    private static bool IsSigned(ReadOnlySpan<byte> bytes)
    {
        BigInteger n = Number(bytes.Slice(128, 384)), s = Number(bytes.Slice(516, 384)), q1 = Number(bytes.Slice(1040, 384)), q2 = Number(bytes.Slice(1424, 384));
        BigInteger square = (s * s) - (q1 * n), cube = (square * s) - (q2 * n);
        if (U32(bytes, 512) != 3 || square < 0 || square >= n || cube < 0 || cube >= n)
            return false;
        byte[] digest = SHA256.HashData([.. bytes[..128], .. bytes[900..1028]]);
        byte[] info = Convert.FromHexString("3031300d060960864801650304020105000420");
        byte[] padded = [0, 1, .. Enumerable.Repeat((byte)0xFF, 384 - 3 - info.Length - 32), 0, .. info, .. digest];
        return cube == new BigInteger(padded, isUnsigned: true, isBigEndian: true);
    }

    // Offsets and sizes of the state components of a processor with AMX.
    private static uint FrameSize(ulong xfrm)
    {
        uint end = 576;
        foreach ((int component, uint size, uint offset) in new[] { (2, 256u, 576u), (5, 64u, 1088u), (6, 512u, 1152u), (7, 1024u, 1664u), (9, 8u, 2688u), (17, 64u, 2752u), (18, 8192u, 2816u) })
        {
            if ((xfrm >> component & 1) != 0)
                end = Math.Max(end, offset + size);
        }

        return end + 184 + 16;
    }

    private void Record(string operation, byte[] operands)
    {
        byte[] record = new byte[64];
        System.Text.Encoding.ASCII.GetBytes(operation).CopyTo(record, 0);
        operands.CopyTo(record, 8);
        _stream.AddRange(record);
    }

    private static byte[] Little(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Little(uint value) => Little((ulong)value)[..4];

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);
}

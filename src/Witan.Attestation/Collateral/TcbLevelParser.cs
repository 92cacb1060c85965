using System.Text;

namespace Witan.Attestation;

/// <summary>Reads the levels of a platform, in the form of version 3 (arrays of components) and of version 2 (flat numbers).</summary>
internal sealed class TcbLevelParser
{
    private static readonly TcbStatus[] Statuses =
    [
        TcbStatus.UpToDate, TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded, TcbStatus.ConfigurationAndSWHardeningNeeded,
        TcbStatus.OutOfDate, TcbStatus.OutOfDateConfigurationNeeded, TcbStatus.Revoked,
    ];

    private static readonly byte[][] LevelNames = ["tcb"u8.ToArray(), "tcbDate"u8.ToArray(), "tcbStatus"u8.ToArray(), "advisoryIDs"u8.ToArray()];
    private static readonly byte[][] ComponentNames = ["svn"u8.ToArray(), "category"u8.ToArray(), "type"u8.ToArray()];
    private static readonly byte[][] TcbNames =
    [
        "sgxtcbcomponents"u8.ToArray(), "pcesvn"u8.ToArray(), "tdxtcbcomponents"u8.ToArray(),
        .. Enumerable.Range(1, 16).Select(i => Encoding.UTF8.GetBytes($"sgxtcbcomp{i:00}svn")),
    ];

    private const uint Flat = 0xFFFF << 3;

    // Components without a word are alike in all levels of a document.
    private readonly TcbComponent?[] _plain = new TcbComponent?[256];
    private readonly List<string> _words = [];

    /// <summary>Advisory ids seen so far, which the levels share.</summary>
    public List<string> Advisories { get; } = [];

    /// <summary>Whether every level read so far had components in the form of version 3, of version 2, and any for TDX.</summary>
    public (bool Arrays, bool Flat, bool Tdx) Forms { get; private set; } = (true, true, true);

    public List<TcbLevel> Read(ref StrictJson json)
    {
        json.Array();
        var levels = new List<TcbLevel>();
        for (int count = 0; json.NextItem(ref count, 1024);)
            levels.Add(Level(ref json));
        return levels.Count > 0 ? levels : throw new FormatException("tcbLevels is empty");
    }

    private TcbLevel Level(ref StrictJson json)
    {
        json.Object();
        (TcbComponent[] sgx, int pceSvn, TcbComponent[] tdx) = ([], 0, []);
        DateTimeOffset date = default;
        TcbStatus status = default;
        IReadOnlyList<string> advisories = [];
        uint seen = 0;
        while (json.Next(LevelNames, ref seen, out int member))
        {
            switch (member)
            {
                case 0: (sgx, pceSvn, tdx) = Tcb(ref json); break;
                case 1: date = json.Date(); break;
                case 2: status = json.Status(Statuses); break;
                default: advisories = json.Advisories(Advisories); break;
            }
        }

        json.Require(LevelNames, seen, 0b111);
        return new TcbLevel(sgx, pceSvn, tdx, status, date, advisories);
    }

    private (TcbComponent[] Sgx, int PceSvn, TcbComponent[] Tdx) Tcb(ref StrictJson json)
    {
        json.Object();
        (TcbComponent[] sgx, int pceSvn, TcbComponent[] tdx) = ([], 0, []);
        TcbComponent[]? flat = null;
        uint seen = 0;
        while (json.Next(TcbNames, ref seen, out int member))
        {
            switch (member)
            {
                case 0: sgx = Components(ref json); break;
                case 1: pceSvn = json.Number(65535); break;
                case 2: tdx = Components(ref json); break;
                default: (flat ??= new TcbComponent[16])[member - 3] = Plain((byte)json.Number(255)); break;
            }
        }

        json.Require(TcbNames, seen, 0b10);
        bool arrays = (seen & 1) != 0, isFlat = (seen & Flat) == Flat;
        Forms = (Forms.Arrays && arrays, Forms.Flat && isFlat, Forms.Tdx && (seen & 4) != 0);
        return (arrays ? sgx : isFlat ? flat! : [], pceSvn, tdx);
    }

    private TcbComponent[] Components(ref StrictJson json)
    {
        json.Array();
        var components = new TcbComponent[16];
        int count = 0;
        while (json.NextItem(ref count, 16))
            components[count - 1] = Component(ref json);
        return count == 16 ? components : throw new FormatException($"{count} components; there must be 16");
    }

    private TcbComponent Component(ref StrictJson json)
    {
        json.Object();
        byte svn = 0;
        string? category = null, type = null;
        uint seen = 0;
        while (json.Next(ComponentNames, ref seen, out int member))
        {
            switch (member)
            {
                case 0: svn = (byte)json.Number(255); break;
                case 1: category = json.Word(_words); break;
                default: type = json.Word(_words); break;
            }
        }

        json.Require(ComponentNames, seen, 1);
        return category is null && type is null ? Plain(svn) : new TcbComponent(svn, category, type);
    }

    private TcbComponent Plain(byte svn) => _plain[svn] ??= new TcbComponent(svn, null, null);
}

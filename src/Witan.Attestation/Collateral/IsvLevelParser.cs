namespace Witan.Attestation;

/// <summary>Reads the levels of a quoting enclave or a TDX module: keyed by ISV SVN, highest first.</summary>
internal static class IsvLevelParser
{
    private static readonly byte[][] LevelNames = ["tcb"u8.ToArray(), "tcbDate"u8.ToArray(), "tcbStatus"u8.ToArray(), "advisoryIDs"u8.ToArray()];
    private static readonly byte[][] TcbNames = ["isvsvn"u8.ToArray()];

    /// <summary>Two levels for one ISV SVN make the document invalid, unless <paramref name="repeatsByDate"/> and their dates differ.</summary>
    public static List<IsvLevel> Read(ref StrictJson json, ReadOnlySpan<TcbStatus> allowed, bool repeatsByDate, List<string> advisories)
    {
        json.Array();
        var levels = new List<IsvLevel>();
        for (int count = 0; json.NextItem(ref count, 1024);)
            levels.Add(Level(ref json, allowed, advisories));
        if (levels.Count == 0)
            throw new FormatException("tcbLevels is empty");
        levels = [.. levels.OrderByDescending(level => level.IsvSvn).ThenByDescending(level => level.Date)];
        for (int i = 1; i < levels.Count; i++)
        {
            if (levels[i].IsvSvn == levels[i - 1].IsvSvn && (!repeatsByDate || levels[i].Date == levels[i - 1].Date))
                throw new FormatException($"two levels for ISV SVN {levels[i].IsvSvn}");
        }

        return levels;
    }

    private static IsvLevel Level(ref StrictJson json, ReadOnlySpan<TcbStatus> allowed, List<string> known)
    {
        json.Object();
        int svn = 0;
        DateTimeOffset date = default;
        TcbStatus status = default;
        IReadOnlyList<string> advisories = [];
        uint seen = 0;
        while (json.Next(LevelNames, ref seen, out int member))
        {
            switch (member)
            {
                case 0:
                    json.Object();
                    uint inner = 0;
                    while (json.Next(TcbNames, ref inner, out _))
                        svn = json.Number(65535);
                    json.Require(TcbNames, inner, 1);
                    break;
                case 1: date = json.Date(); break;
                case 2: status = json.Status(allowed); break;
                default: advisories = json.Advisories(known); break;
            }
        }

        json.Require(LevelNames, seen, 0b111);
        return new IsvLevel(svn, status, date, advisories);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Witan.Agent;

/// <summary>
/// At which of several coordinators of one store a record is at home: the one whose address gives the greatest hash together with the record's id
/// (rendezvous hashing). All agents that know the same addresses come to the same one without a word, records are spread over all, and where one
/// is away only its records move. A habit, no rule: every coordinator takes everything.
/// </summary>
public static class RecordHome
{
    private const string Records = "/v1/proposals/";

    /// <summary>The home among <paramref name="coordinators"/> that are not away; among all where all are.</summary>
    public static int Of(string record, IReadOnlyList<Uri> coordinators, Func<int, bool> isAway)
    {
        int home = -1, any = 0;
        ulong most = 0, mostOfAny = 0;
        for (int i = 0; i < coordinators.Count; i++)
        {
            ulong weight = Weight(record, coordinators[i]);
            if (weight >= mostOfAny)
                (any, mostOfAny) = (i, weight);
            if (weight >= most && !isAway(i))
                (home, most) = (i, weight);
        }

        return home >= 0 ? home : any;
    }

    /// <summary>The record that a request reads or writes; null for every other request.</summary>
    internal static string? Record(Uri address)
    {
        string path = address.AbsolutePath;
        if (!path.StartsWith(Records, StringComparison.Ordinal))
            return null;
        int end = path.IndexOf('/', Records.Length);
        return end < 0 ? path[Records.Length..] : path[Records.Length..end];
    }

    private static ulong Weight(string record, Uri coordinator) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{record} {coordinator.Authority}")));
}

using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>What is kept for one family, set and trust root.</summary>
/// <param name="Bundle">The exchanged shape.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="FetchedAt">When.</param>
/// <param name="Seen">The newest that was ever accepted; never goes down.</param>
internal sealed record CollateralEntry(byte[] Bundle, string Source, DateTimeOffset FetchedAt, SeenMarks Seen);

/// <summary>Under which name something is kept.</summary>
/// <param name="Family">Platform family.</param>
/// <param name="Set">Set of TCB levels.</param>
/// <param name="Root">Trust root: a development root's collateral is never taken for Intel's.</param>
internal sealed record CollateralEntryKey(PlatformFamily Family, TcbSet Set, string Root)
{
    public static CollateralEntryKey Of(PlatformFamily family, TcbSet set, TrustRoot root) => new(
        family, set, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(root.Fingerprint)))[..16]);

    public string FileName => $"{Family}-{Set}-{Root}";
}

using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>How new one document was.</summary>
/// <param name="Number">Evaluation number; 0 for revocation lists, whose own numbers do not rise.</param>
/// <param name="Date">Issue date, or <c>thisUpdate</c>.</param>
internal sealed record SeenMark(long Number, DateTimeOffset Date);

/// <summary>
/// The newest of each document that was ever accepted for one family and set. Anything older is a rollback by whoever serves it:
/// old collateral is authentic, and hides what has become known since.
/// </summary>
internal sealed record SeenMarks(SeenMark TcbInfo, SeenMark QeIdentity, SeenMark PckCrl, SeenMark RootCrl)
{
    public static SeenMarks Of(TrustedCollateral trusted) => new(
        new SeenMark(trusted.TcbInfo.EvaluationDataNumber, trusted.TcbInfo.IssueDate),
        new SeenMark(trusted.QeIdentity.EvaluationDataNumber, trusted.QeIdentity.IssueDate),
        new SeenMark(0, trusted.PckCrl.ThisUpdate),
        new SeenMark(0, trusted.RootCrl.ThisUpdate));

    /// <summary>The later of each.</summary>
    public static SeenMarks Later(SeenMarks a, SeenMarks b) => new(
        Later(a.TcbInfo, b.TcbInfo), Later(a.QeIdentity, b.QeIdentity), Later(a.PckCrl, b.PckCrl), Later(a.RootCrl, b.RootCrl));

    /// <summary>What is older than seen, in words; null where nothing is.</summary>
    public string? Refuses(SeenMarks offered) =>
        Older("TCB info", offered.TcbInfo, TcbInfo) ?? Older("QE identity", offered.QeIdentity, QeIdentity)
        ?? Older("PCK CRL", offered.PckCrl, PckCrl) ?? Older("root CA CRL", offered.RootCrl, RootCrl);

    private static SeenMark Later(SeenMark a, SeenMark b) => IsOlder(a, b) ? b : a;

    private static bool IsOlder(SeenMark a, SeenMark b) => a.Number != b.Number ? a.Number < b.Number : a.Date < b.Date;

    private static string? Older(string document, SeenMark offered, SeenMark seen) =>
        !IsOlder(offered, seen) ? null
        : offered.Number < seen.Number ? $"the {document} has evaluation number {offered.Number}; {seen.Number} was seen before"
        : $"the {document} is of {offered.Date:yyyy-MM-dd'T'HH:mm:ss'Z'}; one of {seen.Date:yyyy-MM-dd'T'HH:mm:ss'Z'} was seen before";
}

namespace Witan.Attestation;

/// <summary>One set of TCB statements: each TCB recovery makes the next.</summary>
/// <param name="Number">tcbEvaluationDataNumber, which TCB info and QE identity of the set carry.</param>
/// <param name="RecoveryEventDate">When the recovery was published.</param>
/// <param name="TcbDate">The date that its best levels carry.</param>
public sealed record TcbEvaluationDataNumber(int Number, DateTimeOffset RecoveryEventDate, DateTimeOffset TcbDate);

/// <summary>
/// Intel's signed list of the sets there are for one technology (version 1), highest number first. <c>standard</c> is one of them,
/// <c>early</c> the highest; the list may hold numbers that the service answers no more.
/// </summary>
public sealed record TcbEvaluationDataNumbers
{
    /// <summary>Which technology it is about.</summary>
    public required TeeType Tee { get; init; }

    /// <summary>1.</summary>
    public required int Version { get; init; }

    /// <summary>First moment of validity, inclusive.</summary>
    public required DateTimeOffset IssueDate { get; init; }

    /// <summary>Last moment of validity, inclusive.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>The sets, highest number first.</summary>
    public required IReadOnlyList<TcbEvaluationDataNumber> Numbers { get; init; }
}

/// <summary>What the verification of such a list gave.</summary>
/// <param name="Numbers">Null where it is not authentic.</param>
/// <param name="Findings">In the order of the checks; a list that is authentic but not fresh has an undecided one.</param>
public sealed record TcbEvaluationDataNumbersVerification(TcbEvaluationDataNumbers? Numbers, IReadOnlyList<Finding> Findings);

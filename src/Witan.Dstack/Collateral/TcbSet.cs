using System.Globalization;

namespace Witan.Dstack.CollateralService;

/// <summary>
/// Which of the sets that Intel serves at one time. <see cref="Early"/> is the newest; it becomes <see cref="Standard"/> months
/// later. Their evaluation numbers are not comparable with one another as "older than seen".
/// </summary>
public readonly record struct TcbSet
{
    private readonly int? _number;
    private readonly bool _early;

    private TcbSet(bool early, int? number) => (_early, _number) = (early, number);

    /// <summary>What verifiers use by default.</summary>
    public static TcbSet Standard => default;

    /// <summary>The newest set: what will be demanded after the next promotion.</summary>
    public static TcbSet Early => new(true, null);

    /// <summary>The set of one evaluation number; null for the two named sets.</summary>
    public int? EvaluationDataNumber => _number;

    /// <summary>The set of one <c>tcbEvaluationDataNumber</c>.</summary>
    public static TcbSet Numbered(int number) => number > 0 ? new(false, number) : throw new ArgumentOutOfRangeException(nameof(number), number, "evaluation numbers are positive");

    /// <summary><c>standard</c>, <c>early</c> or <c>number-N</c>.</summary>
    public override string ToString() => _number is { } number ? $"number-{number.ToString(CultureInfo.InvariantCulture)}" : _early ? "early" : "standard";

    /// <summary>Never both parameters: the service answers 400.</summary>
    internal string Query => _number is { } number
        ? $"tcbEvaluationDataNumber={number.ToString(CultureInfo.InvariantCulture)}"
        : _early ? "update=early" : "update=standard";
}

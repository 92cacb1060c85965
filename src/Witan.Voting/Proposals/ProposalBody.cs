using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>One stated fact of a proposal, for example <c>amount</c> = <c>12000</c>.</summary>
public sealed record ProposalFact(string Name, string Value);

/// <summary>
/// One question with its rules. Its identity is the hash of all of it, so nothing in it can change after opening.
/// </summary>
public sealed record ProposalBody
{
    /// <summary>Largest body: characters of <see cref="Text"/>.</summary>
    public const int MaximumText = 20_000;

    /// <summary>Most options, abstention included.</summary>
    public const int MaximumOptions = 32;

    /// <summary>One line.</summary>
    public required string Title { get; init; }

    /// <summary>The whole question.</summary>
    public required string Text { get; init; }

    /// <summary>Facts that a deliberator may rely on. None where the JSON has no such member, which its reader sets to null.</summary>
    public IReadOnlyList<ProposalFact> Facts { get; init => field = value ?? []; } = [];

    /// <summary>
    /// The options in ballot order. The last one is abstention, an ordinary option so that it looks like a vote. With two before
    /// it, the first approves and the second rejects.
    /// </summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>Fewest accepted ballots for a decision.</summary>
    public required int MinimumTurnout { get; init; }

    /// <summary>Fewest ballots under which the sum may be opened at all.</summary>
    public required int MinimumAnonymity { get; init; }

    /// <summary>Numerator of the pass rule: more than num/den of the votes that are no abstentions.</summary>
    public required int PassNumerator { get; init; }

    /// <summary>Denominator of the pass rule.</summary>
    public required int PassDenominator { get; init; }

    /// <summary>Fewest workers for a roster.</summary>
    public required int MinimumRoster { get; init; }

    /// <summary>How many trustees hold shares.</summary>
    public required int Trustees { get; init; }

    /// <summary>How many of them open the sum.</summary>
    public required int Threshold { get; init; }

    /// <summary>When the proposal was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Last moment to have roster and key.</summary>
    public required DateTimeOffset OpenBy { get; init; }

    /// <summary>Nothing is accepted after this.</summary>
    public required DateTimeOffset CloseAt { get; init; }

    /// <summary>Last moment to settle.</summary>
    public required DateTimeOffset SettleBy { get; init; }

    /// <summary>The requester's 32 random bytes: two proposals with the same words are two proposals.</summary>
    public required Digest Nonce { get; init; }

    /// <summary>
    /// Sealed rounds before the vote, 0 or 1: each voter's own opinion first, then all arguments at once and without names. Without one
    /// the body has the bytes that it had before there were any.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Rounds { get; init; }

    /// <summary>The end of the sealed round: half of the time between <see cref="OpenBy"/> and <see cref="CloseAt"/>.</summary>
    [JsonIgnore]
    public DateTimeOffset ArgueBy => DateTimeOffset.FromUnixTimeMilliseconds((OpenBy.ToUnixTimeMilliseconds() + CloseAt.ToUnixTimeMilliseconds()) / 2);

    /// <summary>Index of the abstention.</summary>
    [JsonIgnore]
    public int AbstainOption => Options.Count - 1;

    // Files of before say it, where no hash covers it: it is read, compared, and written no more.
    [JsonInclude]
    [JsonPropertyName("abstainOption")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal int WrittenAbstainOption
    {
        get => 0;
        set
        {
            if (value != AbstainOption)
                throw new JsonException("the abstention is not the last option");
        }
    }

    /// <summary>What is wrong with the rules, as one sentence; null where they hold together.</summary>
    public string? Problem()
    {
        if (Title.Length is 0 or > 200 || !IsOneLine(Title))
            return "title: one line of 1 to 200 characters, without control characters";
        if (Text.Length is 0 or > MaximumText)
            return $"text: 1 to {MaximumText} characters";
        if (Facts.Count > 64 || Facts.Any(fact => fact.Name.Length is 0 or > 64 || fact.Value.Length > 400))
            return "facts: at most 64, names of 1 to 64 and values of at most 400 characters";
        if (Facts.Select(fact => fact.Name).Distinct(StringComparer.Ordinal).Count() != Facts.Count)
            return "facts: a name stands there twice";
        if (Options.Count is < 3 or > MaximumOptions)
            return $"options: 3 to {MaximumOptions}, the last one the abstention";
        if (Options.Any(option => option.Length is 0 or > 80 || !IsOneLine(option)) || Options.Distinct(StringComparer.Ordinal).Count() != Options.Count)
            return "options: different names of 1 to 80 characters, without control characters";
        if (PassDenominator is < 1 or > 1000 || PassNumerator < 1 || PassNumerator >= PassDenominator)
            return "pass rule: a fraction above 0 and below 1, denominator at most 1000";
        if (PassNumerator * 2 < PassDenominator)
            return "pass rule: at least one half";
        if (MinimumTurnout < 1 || MinimumAnonymity < 1 || MinimumRoster < Math.Max(MinimumTurnout, MinimumAnonymity))
            return "quorum: at least 1, and the roster at least as large as turnout and anonymity set";
        if (Threshold < 1 || Trustees < Threshold || Trustees > 31 || Threshold * 2 <= Trustees)
            return "trustees: at most 31, with a threshold of more than half of them";
        if (Rounds is < 0 or > 1)
            return "rounds: 0 or 1";
        return CreatedAt < OpenBy && OpenBy < CloseAt && CloseAt < SettleBy
            ? null
            : "deadlines: created < open by < close < settle by";
    }

    // These are shown inside lines of terminals, logs and prompts, where a control character or a line's end would speak for itself.
    private static bool IsOneLine(string text) => !text.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029');

    /// <summary>The proposal's id.</summary>
    public Digest Id()
    {
        CanonicalWriter writer = Write(new CanonicalWriter(DomainTags.Proposal));
        return (Rounds == 0 ? writer : writer.Number(Rounds)).Hash();
    }

    private CanonicalWriter Write(CanonicalWriter writer) => writer
        .Text(Title).Text(Text)
        .List(Facts, (writer, fact) => writer.Text(fact.Name).Text(fact.Value))
        .List(Options, (writer, option) => writer.Text(option))
        .Number(MinimumTurnout).Number(MinimumAnonymity).Number(PassNumerator).Number(PassDenominator)
        .Number(MinimumRoster).Number(Trustees).Number(Threshold)
        .Time(CreatedAt).Time(OpenBy).Time(CloseAt).Time(SettleBy)
        .Bytes(Nonce.Bytes);
}

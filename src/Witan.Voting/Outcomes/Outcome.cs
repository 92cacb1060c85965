using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>How a proposal ended. There is no default that approves.</summary>
[JsonConverter(typeof(NamedConverter<Decision>))]
public enum Decision
{
    /// <summary>Too few ballots. Nothing was opened.</summary>
    NoQuorum,

    /// <summary>No option satisfies the pass rule, or there is a tie.</summary>
    Rejected,

    /// <summary>One option satisfies the pass rule.</summary>
    Approved,
}

/// <summary>A decision: a pure function of the rules and the counts.</summary>
/// <param name="Decision">How it ended.</param>
/// <param name="Winner">Index of the option that won; null where none did.</param>
public sealed record Outcome(Decision Decision, int? Winner)
{
    /// <summary>
    /// Decides. With two options beside abstention, the first approves: it wins with more than num/den of the votes for and
    /// against. With more, the one option with the most votes wins if it has more than num/den of all votes that are no
    /// abstentions. A tie, no votes, or anything else is rejected.
    /// </summary>
    public static Outcome Decide(ProposalBody rules, IReadOnlyList<long> counts)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(counts.Count, rules.Options.Count, nameof(counts));
        long[] votes = [.. counts.Take(rules.AbstainOption)];
        long all = votes.Sum();
        int best = votes.Length == 2 ? 0 : Array.IndexOf(votes, votes.Max());
        bool alone = votes.Length == 2 || votes.Count(vote => vote == votes[best]) == 1;
        bool passes = alone && checked(votes[best] * rules.PassDenominator) > checked(rules.PassNumerator * all);
        return passes ? new Outcome(Decision.Approved, best) : new Outcome(Decision.Rejected, null);
    }
}

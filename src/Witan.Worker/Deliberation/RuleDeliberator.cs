using System.Globalization;
using System.Text;
using Witan.Voting;
using Witan.Worker.Memory;

namespace Witan.Worker.Deliberation;

/// <summary>
/// Applies a profile to a proposal's stated facts: red lines first, then a weighted score. It is no language model and says so;
/// the same profile and proposal always give the same opinion, whatever it remembers or hears.
/// </summary>
public sealed class RuleDeliberator(WorkerProfile profile) : IDeliberator
{
    /// <inheritdoc />
    public string Description => $"rules of {profile.Name} (no language model)";

    /// <inheritdoc />
    public Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken)
    {
        var facts = proposal.Facts.ToDictionary(fact => fact.Name, fact => fact.Value, StringComparer.Ordinal);
        var text = new StringBuilder();
        int option = proposal.Options.Count == 3 ? Judge(facts, "", text, proposal) : Choose(facts, proposal, text);
        string reasons = text.ToString();
        return Task.FromResult(new Opinion(
            option, $"Decided by the rules of {profile.Name}; no language model took part.\n{profile.Values}\n{reasons}Vote: {proposal.Options[option]}.\n")
        {
            Argument = reasons,
        });
    }

    // Two sides: approve above the margin, reject below it or across a red line, abstain between.
    private int Judge(Dictionary<string, string> facts, string prefix, StringBuilder text, ProposalBody proposal)
    {
        if (Crossed(facts, prefix, text))
            return 1;
        if (Score(facts, prefix, text) is not { } score)
            return proposal.AbstainOption;
        return score > profile.Margin ? 0 : score < -profile.Margin ? 1 : proposal.AbstainOption;
    }

    // Several options: facts are named "option.fact"; the best one above the margin wins.
    private int Choose(Dictionary<string, string> facts, ProposalBody proposal, StringBuilder text)
    {
        int best = proposal.AbstainOption;
        double bestScore = profile.Margin;
        for (int i = 0; i < proposal.AbstainOption; i++)
        {
            string prefix = proposal.Options[i].ToLowerInvariant() + ".";
            text.AppendLine(CultureInfo.InvariantCulture, $"{proposal.Options[i]}:");
            if (!Crossed(facts, prefix, text) && Score(facts, prefix, text) is { } score && score > bestScore)
                (best, bestScore) = (i, score);
        }

        return best;
    }

    private bool Crossed(Dictionary<string, string> facts, string prefix, StringBuilder text)
    {
        foreach (RedLine line in profile.RedLines)
        {
            if (!facts.TryGetValue(prefix + line.Fact, out string? value))
                continue;
            bool number = TryNumber(value, out double amount);
            bool crossed = (number && (amount > line.Above || amount < line.Below)) || (line.Is is not null && value == line.Is);
            if (!crossed)
                continue;
            text.AppendLine(CultureInfo.InvariantCulture, $"- red line: {line.Fact} is {value}. {line.Because}");
            return true;
        }

        return false;
    }

    private double? Score(Dictionary<string, string> facts, string prefix, StringBuilder text)
    {
        double sum = 0, weights = 0;
        foreach (Criterion criterion in profile.Criteria)
        {
            if (!facts.TryGetValue(prefix + criterion.Fact, out string? value) || Lean(criterion, value) is not { } lean)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"- {criterion.Fact}: nothing stated.");
                continue;
            }

            sum += lean * criterion.Weight;
            weights += criterion.Weight;
            text.AppendLine(CultureInfo.InvariantCulture, $"- {criterion.Fact} is {value}: {lean:+0.00;-0.00} with weight {criterion.Weight}. {criterion.Because}");
        }

        return weights == 0 ? null : sum / weights;
    }

    // From -1 (against) to +1 (for).
    private static double? Lean(Criterion criterion, string value)
    {
        if (criterion.Prefer is "yes" or "no")
            return value is "yes" or "no" ? (value == criterion.Prefer ? 1 : -1) : null;
        if (!TryNumber(value, out double amount))
            return null;
        double distance = (amount - criterion.Pivot) / Math.Max(Math.Abs(criterion.Pivot), 1);
        return Math.Clamp(criterion.Prefer == "high" ? distance : -distance, -1, 1);
    }

    private static bool TryNumber(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
}

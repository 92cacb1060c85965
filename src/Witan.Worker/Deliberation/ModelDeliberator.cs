using Witan.Voting;
using Witan.Worker.Models;

namespace Witan.Worker.Deliberation;

/// <summary>
/// A language model as a worker's mind. Whatever goes wrong with the model becomes an explicit abstention with its reason; it is never a
/// vote for a side.
/// </summary>
public sealed class ModelDeliberator(ModelDeliberation model, WorkerProfile profile, string name) : IDeliberator
{
    /// <inheritdoc />
    public string Description => $"language model {name}";

    /// <inheritdoc />
    public async Task<Opinion> DeliberateAsync(ProposalBody proposal, CancellationToken cancellationToken)
    {
        string facts = string.Join('\n', proposal.Facts.Select(fact => $"- {fact.Name}: {fact.Value}"));
        var prompt = new DeliberationPrompt
        {
            Mind = $"You are {profile.Name}. {profile.Values}",
            Proposal = $"{proposal.Title}\n\n{proposal.Text}\n\nStated facts:\n{facts}",
        };
        ModelOpinion opinion = await model.AskAsync(prompt, proposal.Options, proposal.AbstainOption, cancellationToken);
        string reason = opinion.Abstention is { } code ? $"Abstained: {code}. " : "";
        return new Opinion(opinion.Option, $"Decided with {Description}. {reason}{opinion.Reasoning}");
    }
}

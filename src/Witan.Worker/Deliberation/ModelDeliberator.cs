using Witan.Voting;
using Witan.Worker.Memory;
using Witan.Worker.Models;

namespace Witan.Worker.Deliberation;

/// <summary>
/// A language model as a worker's mind. Whatever goes wrong with the model becomes an explicit abstention with its reason; it is never a
/// vote for a side.
/// </summary>
public sealed class ModelDeliberator(
    ModelDeliberation model, WorkerProfile profile, string name, SignaturePolicy policy = SignaturePolicy.Ignore, AnswerSignatures? signatures = null) : IDeliberator
{
    /// <inheritdoc />
    public string Description => $"language model {name}";

    /// <inheritdoc />
    public TimeSpan Longest => model.Longest;

    /// <inheritdoc />
    public int AtOnce => 4;

    /// <inheritdoc />
    public async Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken)
    {
        try
        {
            return await DecideAsync(proposal, memory, heard, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Thrown on, the model would be asked again with every lease, at the owner's cost, and no ballot would ever come of it.
            return new Opinion(proposal.AbstainOption, $"Abstained: {AbstentionReason.Unforeseen}. {Description} failed: {e.GetType().Name}: {e.Message}");
        }
    }

    private async Task<Opinion> DecideAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken)
    {
        string facts = string.Join('\n', proposal.Facts.Select(fact => $"- {fact.Name}: {fact.Value}"));
        var prompt = new DeliberationPrompt
        {
            Mind = $"You are {profile.Name}. {profile.Values}",
            Notes = [.. memory.Where(entry => entry.Kind != MemoryKind.Decision).Select(entry => entry.Text)],
            Decisions = [.. memory.Where(entry => entry.Kind == MemoryKind.Decision).Select(entry => entry.Text)],
            IsShared = proposal.Rounds > 0 && heard is null,
            Own = heard?.Own ?? "",
            Arguments = heard?.Others ?? [],
            Proposal = $"{proposal.Title}\n\n{proposal.Text}\n\nStated facts:\n{facts}",
        };
        ModelOpinion opinion = await model.AskAsync(prompt, proposal.Options, proposal.AbstainOption, cancellationToken);
        IReadOnlyList<ModelEvidence> evidence = await EvidenceAsync(opinion, cancellationToken);
        string reason = opinion.Abstention is { } code ? $"Abstained: {code}. " : "";
        // The vote stands in the last answer, so that is the one whose signature decides.
        if (opinion.Abstention is null or AbstentionReason.Chosen && Uncounted(evidence is [.., { } last] ? last : null) is { } why)
            return new Opinion(proposal.AbstainOption, $"Abstained: {why}") { Evidence = evidence };

        return new Opinion(opinion.Option, $"Decided with {Description}. {reason}{opinion.Reasoning}")
        {
            Evidence = evidence,
            // Why there is no answer is no argument.
            Argument = opinion.Abstention is null or AbstentionReason.Chosen ? Nameless.Of(opinion.Reasoning, profile.Name) : "",
        };
    }

    private string? Uncounted(ModelEvidence? last) => policy switch
    {
        SignaturePolicy.Require when last is not { IsSigned: true } =>
            $"{AbstentionReason.EvidenceInvalid}. The model's vote is not counted: {last?.Verdict ?? "there is no answer"}.",
        SignaturePolicy.Attested when last is null => $"{AbstentionReason.SignerNotAttested}. The model's vote is not counted: there is no answer.",
        SignaturePolicy.Attested when last.AttestationProblem is { } problem => $"{AbstentionReason.SignerNotAttested}. The model's vote is not counted: {problem}.",
        _ => null,
    };

    private async Task<IReadOnlyList<ModelEvidence>> EvidenceAsync(ModelOpinion opinion, CancellationToken cancellationToken)
    {
        // The answer is there: what its signatures take must not make it come too late.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(opinion.TimeLeft > TimeSpan.Zero ? opinion.TimeLeft : TimeSpan.Zero);
        var evidence = new List<ModelEvidence>();
        foreach (ModelExchange exchange in opinion.Exchanges)
        {
            evidence.Add(policy == SignaturePolicy.Ignore || signatures is null
                ? new ModelEvidence(exchange.Request.ToArray(), exchange.Response.ToArray(), exchange.CompletionId, null, ModelEvidence.NotAsked)
                : await signatures.CollectAsync(exchange, limit.Token));
        }

        return evidence;
    }
}

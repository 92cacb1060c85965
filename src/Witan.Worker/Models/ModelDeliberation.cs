using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace Witan.Worker.Models;

/// <summary>
/// Asks a language model for one vote: forced tool, strict parsing, at most two repairs, then an explicit abstention. Never
/// an implicit vote, and never an exception for what a service or a proposal does.
/// </summary>
public sealed class ModelDeliberation(IChatClient client, DeliberationBudget budget, TimeProvider clock)
{
    /// <summary>
    /// Asks. <paramref name="options"/> are the proposal's, in ballot order; <paramref name="abstain"/> is the index of the
    /// option that means abstention.
    /// </summary>
    public async Task<ModelOpinion> AskAsync(
        DeliberationPrompt prompt, IReadOnlyList<string> options, int abstain, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)abstain, (uint)options.Count, nameof(abstain));
        var run = new Run(options, abstain);
        if (prompt.Proposal.Length > budget.ProposalCharacters)
            return run.Abstain(AbstentionReason.ProposalTooLong, $"the proposal is longer than {budget.ProposalCharacters} characters");

        using var limit = new CancellationTokenSource(budget.Time, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await AskAsync(prompt, run, both.Token);
        }
        catch (ModelCallException e)
        {
            return run.Abstain(e.Reason, e.Message);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return run.Abstain(AbstentionReason.TimeBudget, $"no vote within {budget.Time.TotalSeconds:0} s");
        }
    }

    private async Task<ModelOpinion> AskAsync(DeliberationPrompt prompt, Run run, CancellationToken cancellationToken)
    {
        string mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        List<ChatMessage> messages = prompt.Messages(mark, run.Options);
        var settings = new ChatOptions
        {
            Tools = [run.Tool.Declaration],
            ToolMode = ChatToolMode.RequireSpecific(VoteTool.Name),
            MaxOutputTokens = budget.AnswerTokens,
        };
        string problem = "";
        for (int attempt = 0; attempt <= budget.Repairs; attempt++)
        {
            if (run.Tokens >= budget.Tokens)
                return run.Abstain(AbstentionReason.TokenBudget, $"{run.Tokens} of {budget.Tokens} tokens are used");
            ChatResponse response = await client.GetResponseAsync(messages, settings, cancellationToken);
            run.Count(response, attempt);
            FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
            if (TryRead(calls, run, out int option, out string? reasoning, out problem))
            {
                return option == run.AbstainOption
                    ? run.Abstain(AbstentionReason.Chosen, reasoning)
                    : run.Vote(option, reasoning);
            }

            messages.AddRange(Repair(response, calls, problem));
        }

        return run.Abstain(AbstentionReason.MalformedVote, $"no well-formed vote after {budget.Repairs} repairs: {problem}");
    }

    private static bool TryRead(
        FunctionCallContent[] calls, Run run, out int option, out string reasoning, out string problem)
    {
        (option, reasoning) = (-1, "");
        if (calls.Length != 1 || calls[0].Name != VoteTool.Name)
        {
            problem = $"call {VoteTool.Name} exactly once and nothing else";
            return false;
        }

        bool good = run.Tool.TryParse(calls[0].RawRepresentation as string ?? "", out option, out string? read, out string? wrong);
        (reasoning, problem) = (read ?? "", wrong ?? "");
        return good;
    }

    // The model sees its own answer and what is wrong with it. Each call must be answered, or services refuse the history.
    private static IEnumerable<ChatMessage> Repair(ChatResponse response, FunctionCallContent[] calls, string problem)
    {
        if (calls.Length == 0)
        {
            yield return new ChatMessage(ChatRole.Assistant, response.Text.Length == 0 ? "(nothing)" : response.Text);
            yield return new ChatMessage(ChatRole.User, $"That was no vote: {problem}.");
            yield break;
        }

        foreach (FunctionCallContent call in calls)
        {
            yield return new ChatMessage(ChatRole.Assistant, [call]);
            yield return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, $"Not counted: {problem}.")]);
        }
    }

    private sealed class Run(IReadOnlyList<string> options, int abstain)
    {
        private readonly List<ModelExchange> _exchanges = [];
        private int _repairs;

        public IReadOnlyList<string> Options => options;

        public int AbstainOption => abstain;

        public VoteTool Tool { get; } = new(options);

        public long Tokens { get; private set; }

        public void Count(ChatResponse response, int attempt)
        {
            _repairs = attempt;
            Tokens += response.Usage?.TotalTokenCount
                ?? (response.Usage?.InputTokenCount ?? 0) + (response.Usage?.OutputTokenCount ?? 0);
            if (response.RawRepresentation is ModelExchange exchange)
                _exchanges.Add(exchange);
        }

        public ModelOpinion Vote(int option, string reasoning) => Opinion(option, reasoning, null);

        public ModelOpinion Abstain(AbstentionReason reason, string reasoning) => Opinion(abstain, reasoning, reason);

        private ModelOpinion Opinion(int option, string reasoning, AbstentionReason? reason) => new()
        {
            Option = option,
            Reasoning = reasoning,
            Abstention = reason,
            Exchanges = _exchanges,
            Repairs = _repairs,
            Tokens = Tokens,
        };
    }
}

using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Microsoft.Extensions.AI;

namespace Witan.Worker.Models;

/// <summary>
/// Asks a language model for one vote: forced tool, strict parsing, at most two repairs, then an explicit abstention. Never
/// an implicit vote, and never an exception for what a service or a proposal does.
/// </summary>
public sealed class ModelDeliberation(IChatClient client, DeliberationBudget budget, TimeProvider clock)
{
    /// <summary>The longest that asking takes, the provider's signatures included.</summary>
    public TimeSpan Longest => budget.Time;

    /// <summary>
    /// Asks. <paramref name="options"/> are the proposal's, in ballot order; <paramref name="abstain"/> is the index of the
    /// option that means abstention.
    /// </summary>
    public async Task<ModelOpinion> AskAsync(
        DeliberationPrompt prompt, IReadOnlyList<string> options, int abstain, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)abstain, (uint)options.Count, nameof(abstain));
        var run = new Run(options, abstain, clock, clock.GetUtcNow() + budget.Time);
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

    // A service that is busy for a moment is no reason to abstain. Each pause is twice the last, so the time bounds the calls too.
    private async Task<ChatResponse> CallAsync(List<ChatMessage> messages, ChatOptions settings, Run run, CancellationToken cancellationToken)
    {
        for (TimeSpan pause = TimeSpan.FromSeconds(1); ; pause *= 2)
        {
            try
            {
                return await client.GetResponseAsync(messages, settings, cancellationToken);
            }
            catch (ModelCallException e) when (e.TryAgainAfter is { } asked && Longer(asked, pause) < run.TimeLeft)
            {
                await Task.Delay(Longer(asked, pause), clock, cancellationToken);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

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
            long next = Estimate(messages, run.Tool) + budget.AnswerTokens;
            if (next > budget.Tokens - run.Tokens)
                return run.Abstain(AbstentionReason.TokenBudget, $"{run.Tokens} of {budget.Tokens} tokens are used, and the next call may take {next}");
            ChatResponse response = await CallAsync(messages, settings, run, cancellationToken);
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

    // What the call will have on the wire, where text is escaped.
    private static long Estimate(List<ChatMessage> messages, VoteTool tool) => DeliberationBudget.Estimate(
        messages.SelectMany(message => message.Contents).Sum(content => Escaped(content switch
        {
            TextContent text => text.Text,
            FunctionCallContent call => call.RawRepresentation as string,
            FunctionResultContent result => result.Result?.ToString(),
            _ => null,
        })) + Escaped(tool.Declaration.Description) + tool.Declaration.JsonSchema.GetRawText().Length);

    private static long Escaped(string? text) => JavaScriptEncoder.Default.Encode(text ?? "").Length;

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

    private sealed class Run(IReadOnlyList<string> options, int abstain, TimeProvider clock, DateTimeOffset until)
    {
        private readonly List<ModelExchange> _exchanges = [];
        private int _repairs;

        public IReadOnlyList<string> Options => options;

        public int AbstainOption => abstain;

        public VoteTool Tool { get; } = new(options);

        public long Tokens { get; private set; }

        public TimeSpan TimeLeft => until - clock.GetUtcNow();

        public void Count(ChatResponse response, int attempt)
        {
            _repairs = attempt;
            var exchange = response.RawRepresentation as ModelExchange;
            // The service's own count is a claim: less than the bytes can be is not believed.
            long bytes = (exchange?.Request.Length ?? 0) + (exchange?.Response.Length ?? 0);
            long reported = Math.Max(Sane(response.Usage?.TotalTokenCount), Sane(response.Usage?.InputTokenCount) + Sane(response.Usage?.OutputTokenCount));
            Tokens += Math.Max(reported, DeliberationBudget.Estimate(bytes));
            if (exchange is not null)
                _exchanges.Add(exchange);
        }

        // So that no sum of a few overflows.
        private static long Sane(long? tokens) => Math.Clamp(tokens ?? 0, 0, int.MaxValue);

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
            TimeLeft = TimeLeft,
        };
    }
}

using Witan.Voting;
using Witan.Worker.Memory;
using Witan.Worker.Models;

namespace Witan.Worker.Deliberation;

/// <summary>What a deliberator came to. Private to the worker: only the ballot leaves it.</summary>
/// <param name="Option">Index into the proposal's options.</param>
/// <param name="Reasoning">Its reasons, written out.</param>
public sealed record Opinion(int Option, string Reasoning)
{
    /// <summary>
    /// What may be said of it to the other voters, without a name, where the proposal has a sealed round. Empty where there is nothing to say.
    /// </summary>
    public string Argument { get; init; } = "";

    /// <summary>What it came by: the calls to a model as they went over the wire. Sealed with the reasons.</summary>
    public IReadOnlyList<ModelEvidence> Evidence { get; init; } = [];
}

/// <summary>What was said in a sealed round. Not trusted: the others wrote it.</summary>
/// <param name="Own">What this worker said itself; empty where it said nothing.</param>
/// <param name="Others">What the others said, in an order that says nothing.</param>
public sealed record HeardArguments(string Own, IReadOnlyList<string> Others);

/// <summary>A mind: it gets a proposal and gives an opinion. It never throws for what the proposal says.</summary>
public interface IDeliberator
{
    /// <summary>What kind of mind it is, for people.</summary>
    string Description { get; }

    /// <summary>The longest that it takes, however it ends. Zero where that is no time worth hiding.</summary>
    TimeSpan Longest => TimeSpan.Zero;

    /// <summary>How many proposals it deliberates at once, at least 1; the others wait for their turn, inside their own time.</summary>
    int AtOnce => int.MaxValue;

    /// <summary>
    /// Deliberates. <paramref name="memory"/> is what the worker recalls, most trusted first; <paramref name="heard"/> what was said
    /// in the sealed round, null where there is none or it has yet to come.
    /// </summary>
    Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken);
}

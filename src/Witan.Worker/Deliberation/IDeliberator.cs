using Witan.Voting;

namespace Witan.Worker.Deliberation;

/// <summary>What a deliberator came to. Private to the worker: only the ballot leaves it.</summary>
/// <param name="Option">Index into the proposal's options.</param>
/// <param name="Reasoning">Its reasons, written out.</param>
public sealed record Opinion(int Option, string Reasoning);

/// <summary>A mind: it gets a proposal and gives an opinion. It never throws for what the proposal says.</summary>
public interface IDeliberator
{
    /// <summary>What kind of mind it is, for people.</summary>
    string Description { get; }

    /// <summary>Deliberates.</summary>
    Task<Opinion> DeliberateAsync(ProposalBody proposal, CancellationToken cancellationToken);
}

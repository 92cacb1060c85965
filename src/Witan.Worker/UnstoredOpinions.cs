using System.Collections.Concurrent;
using Witan.Voting;
using Witan.Worker.Deliberation;

namespace Witan.Worker;

/// <summary>
/// What a mind came to and what is not on the disk yet. A disk that is full costs another attempt to store and not another deliberation:
/// what a proposal may cost, it costs once.
/// </summary>
internal sealed class UnstoredOpinions(TimeProvider clock)
{
    private readonly ConcurrentDictionary<Digest, (Opinion Opinion, DateTimeOffset Until)> _known = new();

    /// <summary>The opinion on a proposal: the one that waits to be stored, else a new one. One caller a proposal at a time.</summary>
    public async Task<Opinion> OfAsync(Digest proposal, DateTimeOffset until, Func<Task<Opinion>> deliberate)
    {
        if (_known.TryGetValue(proposal, out (Opinion Opinion, DateTimeOffset Until) known))
            return known.Opinion;
        Opinion opinion = await deliberate();
        foreach ((Digest over, (_, DateTimeOffset end)) in _known)
        {
            if (end < clock.GetUtcNow())
                _known.TryRemove(over, out _);
        }

        _known[proposal] = (opinion, until);
        return opinion;
    }

    /// <summary>What came of it is durable.</summary>
    public void Stored(Digest proposal) => _known.TryRemove(proposal, out _);
}

namespace Witan.Voting;

/// <summary>
/// How many ways of voting explain a published total. Few mean that the total gives votes away: one for a unanimous result, and
/// for weights such as 1, 2, 4 whatever the result.
/// </summary>
public static class Explanations
{
    private const int MostStates = 100_000, MostSteps = 2_000_000;

    /// <summary>
    /// Counts the assignments of voters to options whose weights add up to <paramref name="counts"/>, up to <paramref name="limit"/>; null
    /// where counting would take too long.
    /// </summary>
    public static long? Count(IReadOnlyList<int> weights, IReadOnlyList<long> counts, long limit) => Count(weights, counts, limit, out _);

    /// <summary>The same; <paramref name="steps"/> is how many votes were tried, of which there is a most.</summary>
    internal static long? Count(IReadOnlyList<int> weights, IReadOnlyList<long> counts, long limit, out int steps)
    {
        steps = 0;
        // Voters one by one, heaviest first; a state is what is left of each option, and how many ways lead to it.
        var states = new Dictionary<Rest, long> { [new Rest([.. counts])] = 1 };
        foreach (int weight in weights.OrderDescending())
        {
            var next = new Dictionary<Rest, long>();
            foreach ((Rest rest, long ways) in states)
            {
                for (int option = 0; option < counts.Count; option++)
                {
                    if (++steps > MostSteps)
                        return null;
                    if (rest.Take(option, weight) is not { } left)
                        continue;
                    next[left] = Math.Min(limit, next.GetValueOrDefault(left) + ways);
                    if (next.Count > MostStates)
                        return null;
                }
            }

            states = next;
        }

        return states.Values.Sum();
    }

    private sealed class Rest(long[] left) : IEquatable<Rest>
    {
        private readonly long[] _left = left;

        public Rest? Take(int option, int weight)
        {
            if (_left[option] < weight)
                return null;
            long[] next = [.. _left];
            next[option] -= weight;
            return new Rest(next);
        }

        public bool Equals(Rest? other) => other is not null && _left.AsSpan().SequenceEqual(other._left);

        public override bool Equals(object? obj) => Equals(obj as Rest);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            foreach (long value in _left)
                hash.Add(value);
            return hash.ToHashCode();
        }
    }
}

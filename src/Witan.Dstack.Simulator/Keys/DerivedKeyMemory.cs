using System.Collections.Concurrent;

namespace Witan.Dstack.Simulator;

/// <summary>
/// Answers to GetKey that were given before. They follow from the request alone, and two products on secp256k1 are most of what one
/// costs. Forgets everything when it is full.
/// </summary>
internal sealed class DerivedKeyMemory
{
    private const int Most = 4096;
    private const int Longest = 256;
    private readonly ConcurrentDictionary<(string Path, string Purpose, bool Edwards), AgentMessage> _answers = new();

    public AgentMessage GetOrAdd((string Path, string Purpose, bool Edwards) asked, Func<(string Path, string Purpose, bool Edwards), AgentMessage> derive)
    {
        if (_answers.TryGetValue(asked, out AgentMessage? known))
            return known;
        if (asked.Path.Length + asked.Purpose.Length > Longest)
            return derive(asked);
        if (_answers.Count >= Most)
            _answers.Clear();
        return _answers.GetOrAdd(asked, derive);
    }
}

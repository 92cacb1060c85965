using System.Collections.Concurrent;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>Who is here now: an agent that waits for an answer, or was heard of in the last seconds.</summary>
internal sealed class Presence(TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<Digest, Mark> _marks = new();
    private readonly ConcurrentDictionary<Digest, DateTimeOffset> _elsewhere = new();

    /// <summary>An agent asks for something: it is here until the result is disposed, and a little longer.</summary>
    public IDisposable Attend(Digest agent)
    {
        Mark mark = _marks.GetOrAdd(agent, _ => new Mark(clock));
        mark.Enter();
        return mark;
    }

    /// <summary>Another coordinator of the store says that agents are with it.</summary>
    public void SeenElsewhere(IEnumerable<Digest> agents)
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach (Digest agent in agents)
            _elsewhere[agent] = now;
    }

    /// <summary>The agents that are with this coordinator.</summary>
    public IReadOnlyList<Digest> Here()
    {
        DateTimeOffset fresh = clock.GetUtcNow() - Fresh;
        return [.. _marks.Where(pair => pair.Value.IsSince(fresh)).Select(pair => pair.Key)];
    }

    /// <summary>Whether an agent is here, or with another coordinator of the store.</summary>
    public bool IsHere(Digest agent)
    {
        DateTimeOffset fresh = clock.GetUtcNow() - Fresh;
        return (_marks.TryGetValue(agent, out Mark? mark) && mark.IsSince(fresh)) || (_elsewhere.TryGetValue(agent, out DateTimeOffset seen) && seen >= fresh);
    }

    private sealed class Mark(TimeProvider clock) : IDisposable
    {
        private readonly Lock _gate = new();
        private int _waiting;
        private DateTimeOffset _seen = DateTimeOffset.MinValue;

        public void Enter()
        {
            lock (_gate)
                _waiting++;
        }

        public void Dispose()
        {
            lock (_gate)
                (_waiting, _seen) = (_waiting - 1, clock.GetUtcNow());
        }

        public bool IsSince(DateTimeOffset moment)
        {
            lock (_gate)
                return _waiting > 0 || _seen >= moment;
        }
    }
}

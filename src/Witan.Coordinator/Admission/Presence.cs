using System.Collections.Concurrent;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>Who is here now: an agent that waits for an answer, or was heard of in the last seconds.</summary>
internal sealed class Presence(TimeProvider clock)
{
    private const int IdSize = 32;
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

    /// <summary>Another coordinator of the store says which agents are with it: their ids, one behind the other. What is left over at the end is no id.</summary>
    public void SeenElsewhere(ReadOnlySpan<byte> agents)
    {
        DateTimeOffset now = clock.GetUtcNow();
        for (; agents.Length >= IdSize; agents = agents[IdSize..])
            _elsewhere[new Digest(agents[..IdSize])] = now;
    }

    /// <summary>The agents that are with this coordinator.</summary>
    public IReadOnlyList<Digest> Here()
    {
        DateTimeOffset fresh = clock.GetUtcNow() - Fresh;
        return [.. _marks.Where(pair => pair.Value.IsSince(fresh)).Select(pair => pair.Key)];
    }

    /// <summary>Their ids, one behind the other: what <see cref="SeenElsewhere"/> takes.</summary>
    public byte[] HereAsBytes()
    {
        IReadOnlyList<Digest> here = Here();
        byte[] bytes = new byte[here.Count * IdSize];
        for (int i = 0; i < here.Count; i++)
            here[i].Bytes.CopyTo(bytes.AsSpan(i * IdSize));
        return bytes;
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

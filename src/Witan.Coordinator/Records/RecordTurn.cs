using Witan.Coordinator.Stores;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>One turn over a record in memory: intents and what is due lead to fresh events, none of which is durable yet.</summary>
internal sealed class RecordTurn(RecordState? state, Ed25519Signer signer, DateTimeOffset now)
{
    // More than any record can have due at once: opened, enrolled, key, roster, deliberating, voting, closed, tallied.
    private const int MaximumDue = 16;

    /// <summary>The state after the fresh events.</summary>
    public RecordState? State { get; private set; } = state;

    /// <summary>Events to append.</summary>
    public List<RecordEvent> Fresh { get; } = [];

    /// <summary>Runs one intent. The event is null where it appends nothing.</summary>
    public (Ruling Ruling, RecordEvent? Event) Run(Intent intent)
    {
        Ruling ruling = intent.Decide(State, now);
        if (ruling.Payload is null)
            return (ruling, null);
        return TryAppend(ruling.Payload, ruling.Checks, out Refusal? refusal)
            ? (ruling, Fresh[^1])
            : (Ruling.Refuse(refusal!), null);
    }

    /// <summary>Appends everything that is due by itself; whether there was anything.</summary>
    public bool RunDue(KeeperContext context, Action<string> refused)
    {
        int count = 0;
        while (State is { IsFinal: false } current && count < MaximumDue)
        {
            if (Lifecycle.Next(current, context.Admitted(current), context.Trustees(current), now, context.ShowArguments) is not { } due)
                break;
            if (!TryAppend(due, ProofChecks.All, out Refusal? refusal))
            {
                refused(refusal!.Message);
                break;
            }

            count++;
        }

        return count > 0;
    }

    /// <summary>Takes over events that another coordinator appended.</summary>
    public void Adopt(IEnumerable<RecordEvent> events, Digest id)
    {
        foreach (RecordEvent next in events)
        {
            State = RecordFold.Adopt(State, next, signer, out Refusal? refusal)
                ?? throw new StoreException($"event {next.Sequence} of {id} does not follow: {refusal!.Message}");
            Fresh.Add(next);
        }
    }

    private bool TryAppend(RecordPayload payload, ProofChecks checks, out Refusal? refusal)
    {
        RecordState? after = RecordFold.Append(State, now, payload, signer, checks, out RecordEvent? next, out refusal);
        if (after is null)
            return false;
        State = after;
        Fresh.Add(next!);
        return true;
    }
}

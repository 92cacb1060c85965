using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>What an intent wants, decided on the state as it is when its turn comes.</summary>
/// <param name="Payload">To be appended; null for nothing.</param>
/// <param name="Checks">Whether the proofs in it must still be checked.</param>
/// <param name="Refusal">Why the caller is refused; may come together with a payload (an equivocation is kept as evidence).</param>
internal sealed record Ruling(RecordPayload? Payload, ProofChecks Checks, Refusal? Refusal)
{
    public static Ruling Nothing { get; } = new(null, ProofChecks.All, null);

    public static Ruling Append(RecordPayload payload, ProofChecks checks) => new(payload, checks, null);

    public static Ruling Refuse(Refusal refusal) => new(null, ProofChecks.All, refusal);
}

/// <summary>What came of an intent.</summary>
/// <param name="State">The durable state after it.</param>
/// <param name="Event">The event it appended; null where it appended none.</param>
/// <param name="Refusal">Why it was refused; null where it was not.</param>
internal sealed record Entry(RecordState State, RecordEvent? Event, Refusal? Refusal);

/// <summary>One wish to change a record, waiting for its turn.</summary>
internal sealed class Intent(Func<RecordState?, DateTimeOffset, Ruling> decide)
{
    /// <summary>Whether it appends nothing by itself: it only lets the record do what is due, or catch up.</summary>
    public bool IsNudge { get; private init; }

    public TaskCompletionSource<Entry> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>An intent that is none.</summary>
    public static Intent Nudge() => new((_, _) => Ruling.Nothing) { IsNudge = true };

    public Ruling Decide(RecordState? state, DateTimeOffset now) => decide(state, now);
}

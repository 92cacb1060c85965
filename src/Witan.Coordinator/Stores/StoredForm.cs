using System.Text.Json;
using Witan.Voting;

namespace Witan.Coordinator.Stores;

/// <summary>How records and agents lie in a store: the JSON of the wire, read as strictly as there.</summary>
internal static class StoredForm
{
    /// <summary>An event as it is stored.</summary>
    public static byte[] Of(RecordEvent next) => JsonSerializer.SerializeToUtf8Bytes(next, RecordJson.Default.RecordEvent);

    /// <summary>An entry of a roster as it is stored.</summary>
    public static byte[] Of(RosterEntry entry) => JsonSerializer.SerializeToUtf8Bytes(entry, WireJson.Default.RosterEntry);

    /// <summary>A revocation as it is stored.</summary>
    public static byte[] Of(Revocation order) => JsonSerializer.SerializeToUtf8Bytes(order, WireJson.Default.Revocation);

    /// <summary>A stored revocation. Throws <see cref="StoreException"/>.</summary>
    public static SealedRevocation Revocation(byte[] body, byte[] seal) =>
        StrictJson.TryRead(body, WireJson.Default.Revocation, out Revocation? order, out _)
            ? new SealedRevocation(order, seal)
            : throw new DamagedStoreException("a revocation is damaged in the store");

    /// <summary>
    /// A stored event, which must say the number under which it lies. Its points are not decoded: that the coordinator's own key signed it is what
    /// <see cref="RecordFold.Adopt"/> asks next. Throws <see cref="StoreException"/>.
    /// </summary>
    public static RecordEvent Event(Digest proposal, long sequence, byte[] body) =>
        StrictJson.TryRead(body, RecordJson.Own.RecordEvent, out RecordEvent? next, out string? problem) && next.Sequence == sequence
            ? next
            : throw new DamagedStoreException($"event {sequence} of proposal {proposal.Short()} is damaged in the store: {problem ?? "it says another number"}");

    /// <summary>The state that a record ended in; null where none is noted, or none that this program knows.</summary>
    public static ProposalState? Ended(string? text) => Enum.TryParse(text, out ProposalState state) ? state : null;

    /// <summary>The id of a stored record. Throws <see cref="StoreException"/>.</summary>
    public static Digest Proposal(string text) =>
        Digest.TryParse(text, out Digest proposal) ? proposal : throw new DamagedStoreException("a record has no proper id");

    /// <summary>A stored agent. Throws <see cref="StoreException"/>.</summary>
    public static (AgentRole Role, RosterEntry Entry) Agent(string role, byte[] entry) =>
        Enum.TryParse(role, out AgentRole known) && StrictJson.TryRead(entry, WireJson.Default.RosterEntry, out RosterEntry? value, out _)
            ? (known, value)
            : throw new DamagedStoreException("the entry of an agent is damaged in the store");
}

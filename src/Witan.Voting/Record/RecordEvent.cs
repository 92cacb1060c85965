using Witan.Crypto;

namespace Witan.Voting;

/// <summary>One link of the record: chained to the one before, and signed by the coordinator.</summary>
/// <param name="Sequence">0, 1, 2, …</param>
/// <param name="At">When it was appended. Never earlier than the event before.</param>
/// <param name="Previous">Hash of the event before; zero for the first.</param>
/// <param name="Payload">What it says.</param>
/// <param name="Hash">Hash over all of the above.</param>
/// <param name="Signature">The coordinator's Ed25519 signature over <paramref name="Hash"/>.</param>
public sealed record RecordEvent(
    long Sequence, DateTimeOffset At, Digest Previous, RecordPayload Payload, Digest Hash, byte[] Signature)
{
    /// <summary>Makes the next event of a record. <paramref name="signingSeed"/> is the coordinator's.</summary>
    public static RecordEvent Next(
        long sequence, Digest previous, DateTimeOffset at, RecordPayload payload, ReadOnlySpan<byte> signingSeed)
    {
        using var signer = new Ed25519Signer(signingSeed);
        return Next(sequence, previous, at, payload, signer);
    }

    internal static RecordEvent Next(long sequence, Digest previous, DateTimeOffset at, RecordPayload payload, Ed25519Signer signer)
    {
        DateTimeOffset exact = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
        Digest hash = ComputeHash(sequence, previous, exact, payload);
        return new RecordEvent(sequence, exact, previous, payload, hash, signer.Sign(hash.Bytes));
    }

    internal Digest ComputeHash() => ComputeHash(Sequence, Previous, At, Payload);

    private static Digest ComputeHash(long sequence, Digest previous, DateTimeOffset at, RecordPayload payload)
    {
        CanonicalWriter writer = new CanonicalWriter(DomainTags.Event).Number(sequence).Bytes(previous.Bytes).Time(at);
        payload.Write(writer);
        return writer.Hash();
    }
}

using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Faults.Processes;
using Witan.Voting;

namespace Witan.SystemTests.Stores;

/// <summary>Events as a coordinator makes them, chained and signed; what follows the first says nothing that matters to a store.</summary>
internal sealed class SampleRecord
{
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);
    private RecordEvent? _last;

    public SampleRecord()
    {
        Body = CouncilUnderTest.Body(RandomNumberGenerator.GetInt32(1, 1000));
        Id = Body.Id();
    }

    public ProposalBody Body { get; }

    public Digest Id { get; }

    /// <summary>The next events, as if all before had been appended.</summary>
    public RecordEvent[] Next(int count)
    {
        var events = new RecordEvent[count];
        for (int i = 0; i < count; i++)
        {
            RecordPayload payload = _last is null
                ? new ProposalOpened(Body, ExecutionMode.Local, "local-record", "phala", Digest.Zero, new Digest(Ed25519.PublicKey(_seed)))
                : new Settled($"text {RandomNumberGenerator.GetHexString(8)}");
            events[i] = _last = RecordEvent.Next((_last?.Sequence ?? -1) + 1, _last?.Hash ?? Digest.Zero, TimeProvider.System.GetUtcNow(), payload, _seed);
        }

        return events;
    }
}

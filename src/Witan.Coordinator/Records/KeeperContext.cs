using Witan.Coordinator.Stores;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>What every keeper of a coordinator works with.</summary>
internal sealed class KeeperContext
{
    public required IRecordStore Store { get; init; }

    /// <summary>The coordinator's Ed25519 seed.</summary>
    public required byte[] SigningSeed { get; init; }

    /// <summary>The same key, ready to sign every event and receipt.</summary>
    public required Ed25519Signer Signer { get; init; }

    /// <summary>A place for each core, whichever proposal its ballots are of.</summary>
    public required SemaphoreSlim Cores { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Takes lines for people. Never a vote or a secret.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>The name under which this coordinator takes leases, and this run of it speaks to the others.</summary>
    public required LeaseHolder Holder { get; init; }

    /// <summary>Whether other coordinators append to the same store.</summary>
    public required bool IsShared { get; init; }

    /// <summary>The workers that could be put on a record's roster now. Nobody is asked for before it is enumerated: most records only wait.</summary>
    public required Func<RecordState, IEnumerable<RosterEntry>> Admitted { get; init; }

    /// <summary>The trustees that could be enrolled in a record now, numbered from 1. Nobody is asked for before it is enumerated.</summary>
    public required Func<RecordState, IEnumerable<Trustee>> Trustees { get; init; }

    /// <summary>Learns what was revoked at any coordinator of the store: before agents are put on a record.</summary>
    public required Func<CancellationToken, Task> RequireFresh { get; init; }

    /// <summary>Opens the arguments of a sealed round that is over.</summary>
    public required Func<RecordState, RecordPayload> ShowArguments { get; init; }

    /// <summary>Called where the store is found to have gone back: nothing may go on.</summary>
    public required Action<string> Damaged { get; init; }

    /// <summary>Called after events became durable, with the state before them.</summary>
    public required Action<ProposalKeeper, RecordState?, IReadOnlyList<RecordEvent>> Appended { get; init; }
}

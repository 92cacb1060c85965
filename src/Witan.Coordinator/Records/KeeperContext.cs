using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>What every keeper of a coordinator works with.</summary>
internal sealed class KeeperContext
{
    public required IRecordStore Store { get; init; }

    /// <summary>The coordinator's Ed25519 seed: it signs every event.</summary>
    public required byte[] SigningSeed { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Takes lines for people. Never a vote or a secret.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>The name under which this coordinator takes leases.</summary>
    public required string Node { get; init; }

    /// <summary>Whether other coordinators append to the same store.</summary>
    public required bool IsShared { get; init; }

    /// <summary>The workers that could be put on a roster now.</summary>
    public required Func<IReadOnlyList<RosterEntry>> Admitted { get; init; }

    /// <summary>The trustees that could be enrolled now, numbered from 1.</summary>
    public required Func<IReadOnlyList<Trustee>> Trustees { get; init; }

    /// <summary>Called after events became durable, with the state before them.</summary>
    public required Action<ProposalKeeper, RecordState?, IReadOnlyList<RecordEvent>> Appended { get; init; }
}

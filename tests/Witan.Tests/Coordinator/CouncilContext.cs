using Witan.Coordinator.Records;
using Witan.Coordinator.Stores;
using Witan.Crypto;
using Witan.Tests.Voting;

namespace Witan.Tests.Coordinator;

/// <summary>What keepers of a council's record work with, over a store of the test's, where nobody is admitted any more.</summary>
internal static class CouncilContext
{
    public static KeeperContext KeeperContext(this Council council, IRecordStore store, Ed25519Signer signer, TimeProvider clock, bool isShared, Action<string> damaged) => new()
    {
        Store = store,
        SigningSeed = council.CoordinatorSeed,
        Signer = signer,
        Cores = new SemaphoreSlim(1),
        Clock = clock,
        Log = _ => { },
        Holder = new LeaseHolder("b", "1"),
        IsShared = isShared,
        Admitted = _ => [],
        Trustees = _ => [],
        RequireFresh = _ => Task.CompletedTask,
        ShowArguments = council.Show,
        Damaged = damaged,
        Appended = (_, _, _) => { },
    };
}

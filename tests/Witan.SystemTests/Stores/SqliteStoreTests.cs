using Witan.Coordinator.Stores;
using Witan.Coordinator.Stores.Sqlite;
using Xunit;

namespace Witan.SystemTests.Stores;

/// <summary>The contract on one file, and what only a file has.</summary>
public sealed class SqliteStoreTests : RecordStoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-sqlite-").FullName;

    protected override Task<IRecordStore> OpenAsync() => Task.FromResult<IRecordStore>(SqliteStore.Open(_folder, TimeProvider.System));

    [Fact]
    public void A_second_coordinator_is_refused_and_the_first_is_named()
    {
        StoreException e = Assert.Throws<StoreException>(() => SqliteStore.Open(_folder, TimeProvider.System));
        Assert.Contains($"process {Environment.ProcessId}", e.Message, StringComparison.Ordinal);
        Assert.Contains("PostgreSQL", e.Message, StringComparison.Ordinal);
    }
}

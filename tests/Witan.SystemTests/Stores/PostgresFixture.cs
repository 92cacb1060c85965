using Witan.Faults.Servers;
using Xunit;

namespace Witan.SystemTests.Stores;

/// <summary>One PostgreSQL server for all tests that need one; none where the package is missing.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private PostgresServer? _server;

    /// <summary>The server; skips the test where there is none.</summary>
    public PostgresServer Server
    {
        get
        {
            Assert.SkipUnless(_server is not null, PostgresServer.Missing ?? "");
            return _server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.Missing is null)
            _server = await PostgresServer.StartAsync();
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}

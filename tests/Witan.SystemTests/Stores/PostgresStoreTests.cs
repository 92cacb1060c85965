using System.Net;
using System.Net.Sockets;
using Witan.Agent;
using Witan.Coordinator.Stores;
using Witan.Coordinator.Stores.Postgres;
using Witan.Faults.Servers;
using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Stores;

/// <summary>The contract on a real server, and what only a server has.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgresStoreTests(PostgresFixture postgres) : RecordStoreContract
{
    private string? _address;

    protected override async Task<IRecordStore> OpenAsync() =>
        await PostgresStore.OpenAsync(_address ??= await postgres.Server.CreateDatabaseAsync(), TimeProvider.System, Cancel);

    private string Database => _address![(_address!.LastIndexOf('/') + 1)..];

    [Fact]
    public async Task Several_coordinators_share_it()
    {
        await using PostgresStore second = await PostgresStore.OpenAsync(_address!, TimeProvider.System, Cancel);
        var record = new SampleRecord();
        await Store.AppendAsync(record.Id, 0, record.Next(1), null, Cancel);
        Assert.Equal(AppendOutcome.Appended, await second.AppendAsync(record.Id, 1, record.Next(1), null, Cancel));
        Assert.Equal(2, (await Store.ReadAsync(record.Id, 0, 10, Cancel)).Count);
    }

    [Fact]
    public async Task Coordinators_take_turns_at_a_record_and_wait_for_nobody_for_long()
    {
        await using PostgresStore second = await PostgresStore.OpenAsync(_address!, TimeProvider.System, Cancel);
        var record = new SampleRecord();
        IRecordTurn first = (await Store.TakeTurnAsync(record.Id, 0, Cancel))!;
        Assert.Empty(first.News);
        Task<IRecordTurn?> waiting = second.TakeTurnAsync(record.Id, 0, Cancel);
        // Another record has turns of its own.
        await using (IRecordTurn other = (await second.TakeTurnAsync(new SampleRecord().Id, 0, Cancel))!)
            Assert.False(waiting.IsCompleted);
        // To append ends the turn, and whoever waited reads what was appended in it.
        Assert.Equal(AppendOutcome.Appended, await first.AppendAsync(0, record.Next(2), null, Cancel));
        IRecordTurn next = (await waiting)!;
        Assert.Equal(2, next.News.Count);
        await first.DisposeAsync();
        // One that hangs with its turn costs one wait; what is appended is decided by the size, with a turn or without.
        Assert.Null(await Store.TakeTurnAsync(record.Id, 0, Cancel));
        Assert.Equal(AppendOutcome.WrongSize, await Store.AppendAsync(record.Id, 1, record.Next(1), null, Cancel));
        Task<IRecordTurn?> racing = Store.TakeTurnAsync(record.Id, 0, Cancel);
        Assert.True(racing.IsCompleted);
        Assert.Null(await racing);
        // A turn that ends without an append is as good an end.
        await next.DisposeAsync();
        await using IRecordTurn last = (await second.TakeTurnAsync(record.Id, 1, Cancel))!;
        Assert.Single(last.News);
    }

    [Fact]
    public async Task Coordinators_that_start_together_on_a_new_database_all_start()
    {
        string address = await postgres.Server.CreateDatabaseAsync();
        PostgresStore[] stores = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostgresStore.OpenAsync(address, TimeProvider.System, Cancel)));
        foreach (PostgresStore store in stores)
            await store.DisposeAsync();
    }

    [Theory]
    [InlineData("off")]
    [InlineData("'remote_write'")]
    public async Task A_server_that_acknowledges_what_it_may_lose_is_refused(string value)
    {
        // remote_write is as good as on only while there is no standby that it would not wait for.
        string address = await postgres.Server.CreateDatabaseAsync();
        string name = address[(address.LastIndexOf('/') + 1)..];
        await postgres.Server.ExecuteAsync("postgres", $"alter database {name} set synchronous_commit = {value}");
        if (value == "off")
        {
            StoreException e = await Assert.ThrowsAsync<StoreException>(() => PostgresStore.OpenAsync(address, TimeProvider.System, Cancel));
            Assert.Contains("synchronous_commit is off", e.Message, StringComparison.Ordinal);
        }
        else
        {
            await using PostgresStore store = await PostgresStore.OpenAsync(address, TimeProvider.System, Cancel);
            await store.ProbeAsync(Cancel);
        }
    }

    [Fact]
    public async Task Agents_that_are_known_are_not_read_again_and_a_database_of_the_version_before_is_brought_up()
    {
        using var secrets = AgentSecrets.FromDirectory(Directory.CreateTempSubdirectory("witan-agent-").FullName);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        Enrolment enrolment = new Enrolment(
            AgentRole.Worker, "worker", "local", new RosterEntry(secrets.Keys, 1, 0, Digest.Zero), "", now, now.AddHours(1), IsRevoked: false).Sealed(new Ed25519Signer(secrets.SigningSeed));
        await Store.EnrolAsync(enrolment, Cancel);
        EnrolmentPage first = await Store.EnrolmentsAsync(0, Cancel);
        Assert.Single(first.Agents);
        Assert.Empty((await Store.EnrolmentsAsync(first.Next, Cancel)).Agents);
        await postgres.Server.ExecuteAsync(Database, "alter table witan.agent drop column changed; delete from witan.version; insert into witan.version values(3)");
        await ReopenAsync();
        Assert.Equal("worker", Assert.Single((await Store.EnrolmentsAsync(0, Cancel)).Agents).Name);
        await Store.EnrolAsync((enrolment with { Name = "again" }).Sealed(new Ed25519Signer(secrets.SigningSeed)), Cancel);
        Assert.Equal("again", Assert.Single((await Store.EnrolmentsAsync(first.Next, Cancel)).Agents).Name);
        await ReopenAsync();
    }

    [Fact]
    public async Task Behind_a_pooler_in_transaction_mode_nothing_is_kept_in_a_session()
    {
        await using PostgresStore pooled = await PostgresStore.OpenAsync($"{_address}{(_address!.Contains('?', StringComparison.Ordinal) ? '&' : '?')}pooler=transaction", TimeProvider.System, Cancel);
        var record = new SampleRecord();
        Assert.Null(await pooled.TakeTurnAsync(record.Id, 0, Cancel));
        for (int i = 0; i < 5; i++)
            Assert.Equal(AppendOutcome.Appended, await pooled.AppendAsync(record.Id, i, record.Next(1), null, Cancel));
        Assert.Equal(0L, await postgres.Server.ExecuteAsync(Database, "select count(*) from pg_locks where locktype = 'advisory'"));
    }

    [Fact]
    public async Task Events_are_never_changed_or_removed()
    {
        var record = new SampleRecord();
        await Store.AppendAsync(record.Id, 0, record.Next(2), null, Cancel);
        foreach (string attempt in new[] { "delete from witan.event", "update witan.event set body = ''", "truncate witan.event", "truncate witan.revocation" })
        {
            Npgsql.PostgresException e = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => postgres.Server.ExecuteAsync(Database, attempt));
            Assert.Contains("never changed or removed", e.MessageText, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await Store.ReadAsync(record.Id, 0, 10, Cancel)).Count);
    }

    [Fact]
    public async Task A_damaged_event_is_an_error_of_the_store()
    {
        var record = new SampleRecord();
        await Store.AppendAsync(record.Id, 0, record.Next(1), null, Cancel);
        await postgres.Server.ExecuteAsync(
            Database, "alter table witan.event disable trigger append_only; update witan.event set body = set_byte(body, 20, 0); alter table witan.event enable trigger append_only");
        DamagedStoreException e = await Assert.ThrowsAsync<DamagedStoreException>(() => Store.ReadAsync(record.Id, 0, 10, Cancel));
        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
    }

    // The gate lets the write through and swallows its answer: the coordinator cannot know whether it was done, and asks.
    [Theory]
    [InlineData(Cut.Before)]
    [InlineData(Cut.BeforeAnswer)]
    [InlineData(Cut.After)]
    public async Task An_append_whose_answer_is_lost_is_done_once(Cut cut)
    {
        using var gate = new WriteGate(postgres.Server.Port);
        await using PostgresStore store = await PostgresStore.OpenAsync(
            _address!.Replace($":{postgres.Server.Port}/", $":{gate.Port}/", StringComparison.Ordinal), TimeProvider.System, Cancel);
        var record = new SampleRecord();
        for (int size = 0; size < 6; size += 2)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            gate.Arm(write => write == 1 ? cut : null, done.SetResult);
            Assert.Equal(AppendOutcome.Appended, await store.AppendAsync(record.Id, size, record.Next(2), null, Cancel));
            // The gate passes the answer on before it cuts after it: the caller may be here first.
            await done.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        }

        Assert.Equal(6, (await Store.ReadAsync(record.Id, 0, 10, Cancel)).Count);
        Assert.Equal(AppendOutcome.WrongSize, await store.AppendAsync(record.Id, 4, record.Next(1), null, Cancel));
    }

    [Fact]
    public async Task Backends_that_are_killed_while_appends_run_lose_nothing_that_was_acknowledged()
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 8).Select(_ => new SampleRecord())];
        int acknowledged = 0;
        Task writers = Task.WhenAll(records.Select(async record =>
        {
            for (int size = 0; size < 25; size++)
            {
                Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, size, record.Next(1), null, Cancel));
                Interlocked.Increment(ref acknowledged);
            }
        }));
        for (int i = 0; !writers.IsCompleted && i < 40; i++)
        {
            await postgres.Server.ExecuteAsync(
                "postgres", $"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{Database}'");
            await Task.Delay(50, Cancel);
        }

        await writers;
        Assert.Equal(200, acknowledged);
        foreach (SampleRecord record in records)
            Assert.Equal(25, (await Store.ReadAsync(record.Id, 0, 100, Cancel)).Count);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_of_the_store_and_its_password_is_not_told()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        StoreException e = await Assert.ThrowsAsync<StoreException>(
            () => PostgresStore.OpenAsync($"postgres://someone:sesame@127.0.0.1:{port}/nowhere", TimeProvider.System, Cancel));
        Assert.Contains("postgres://someone:***@127.0.0.1", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://h/db?sslmode=perhaps", "sslmode")]
    [InlineData("postgres://h/db?colour=red", "colour")]
    [InlineData("postgres://u:sesame@h/db?pool=1", "pool")]
    public async Task An_address_with_an_unknown_setting_is_refused(string address, string setting)
    {
        SettingException e = await Assert.ThrowsAsync<SettingException>(() => PostgresStore.OpenAsync(address, TimeProvider.System, Cancel));
        Assert.Contains(setting, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", e.Message, StringComparison.Ordinal);
    }
}

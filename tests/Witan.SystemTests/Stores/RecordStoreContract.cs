using System.Security.Cryptography;
using Witan.Agent;
using Witan.Coordinator.Stores;
using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Stores;

/// <summary>What every store must do, run against each on its real medium.</summary>
public abstract class RecordStoreContract : IAsyncLifetime
{
    private static readonly LeaseHolder s_a = new("a", "1"), s_b = new("b", "1");
    private IRecordStore _store = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected IRecordStore Store => _store;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IRecordStore> OpenAsync();

    /// <summary>Ends the store and opens it again on the same medium.</summary>
    protected async Task ReopenAsync()
    {
        await _store.DisposeAsync();
        _store = null!;
        _store = await OpenAsync();
    }

    [Fact]
    public async Task What_was_appended_is_read_in_order_also_after_reopening()
    {
        var record = new SampleRecord();
        RecordEvent[] events = [.. record.Next(3)];
        Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, 0, events[..1], null, Cancel));
        Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, 1, events[1..], null, Cancel));
        await ReopenAsync();
        Assert.Equal(events.Select(next => next.Hash), (await Store.ReadAsync(record.Id, 0, 100, Cancel)).Select(next => next.Hash));
        Assert.Equal(events[1].Hash, Assert.Single(await Store.ReadAsync(record.Id, 1, 1, Cancel)).Hash);
        Assert.Empty(await Store.ReadAsync(record.Id, 3, 100, Cancel));
        Assert.Empty(await Store.ReadAsync(new SampleRecord().Id, 0, 100, Cancel));
        Assert.Contains(await Store.ListAsync(Cancel), stored => stored.Proposal == record.Id && stored.Size == 3);
    }

    [Fact]
    public async Task Records_are_listed_oldest_first()
    {
        SampleRecord[] records = [new(), new(), new()];
        foreach (SampleRecord record in records)
            await Store.AppendAsync(record.Id, 0, record.Next(1), null, Cancel);
        var ids = records.Select(record => record.Id).ToHashSet();
        Assert.Equal(records.Select(record => record.Id), (await Store.ListAsync(Cancel)).Select(stored => stored.Proposal).Where(ids.Contains));
    }

    [Fact]
    public async Task The_end_of_a_record_is_noted_beside_it()
    {
        SampleRecord ended = new(), goesOn = new();
        await Store.AppendAsync(ended.Id, 0, ended.Next(2), null, Cancel);
        await Store.AppendAsync(goesOn.Id, 0, goesOn.Next(1), null, Cancel);
        await Store.EndAsync(ended.Id, ProposalState.NoQuorum, Cancel);
        await Store.EndAsync(new SampleRecord().Id, ProposalState.Settled, Cancel);
        await ReopenAsync();
        IReadOnlyList<StoredRecord> records = await Store.ListAsync(Cancel);
        Assert.Contains(new StoredRecord(ended.Id, 2, ProposalState.NoQuorum), records);
        Assert.Contains(new StoredRecord(goesOn.Id, 1), records);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_append_with_another_size_writes_nothing(long expected)
    {
        var record = new SampleRecord();
        await Store.AppendAsync(record.Id, 0, record.Next(2), null, Cancel);
        Assert.Equal(AppendOutcome.WrongSize, await Store.AppendAsync(record.Id, expected, record.Next(2), null, Cancel));
        Assert.Equal(2, (await Store.ReadAsync(record.Id, 0, 100, Cancel)).Count);
        Assert.Equal(AppendOutcome.WrongSize, await Store.AppendAsync(new SampleRecord().Id, expected + 1, record.Next(1), null, Cancel));
    }

    [Fact]
    public async Task Of_many_appends_at_one_size_exactly_one_is_taken()
    {
        var record = new SampleRecord();
        RecordEvent[] first = record.Next(1);
        for (int size = 0; size < 5; size++)
        {
            RecordEvent[] next = size == 0 ? first : record.Next(1);
            AppendOutcome[] outcomes = await Task.WhenAll(
                Enumerable.Range(0, 20).Select(_ => Store.AppendAsync(record.Id, size, next, null, Cancel)));
            Assert.Equal(1, outcomes.Count(outcome => outcome == AppendOutcome.Appended));
            Assert.Equal(19, outcomes.Count(outcome => outcome == AppendOutcome.WrongSize));
        }

        Assert.Equal(5, (await Store.ReadAsync(record.Id, 0, 100, Cancel)).Count);
    }

    [Fact]
    public async Task A_stale_fence_cannot_write()
    {
        var record = new SampleRecord();
        string name = IRecordStore.LeaseName(record.Id);
        Lease old = (await Store.TryLeaseAsync(name, s_a, TimeSpan.FromMinutes(1), Cancel))!;
        Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, 0, record.Next(1), old.Token, Cancel));
        await Store.ReleaseAsync(old, Cancel);
        Lease next = (await Store.TryLeaseAsync(name, s_b, TimeSpan.FromMinutes(1), Cancel))!;
        Assert.True(next.Token > old.Token);
        RecordEvent[] events = record.Next(1);
        Assert.Equal(AppendOutcome.Fenced, await Store.AppendAsync(record.Id, 1, events, old.Token, Cancel));
        Assert.Single(await Store.ReadAsync(record.Id, 0, 100, Cancel));
        Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, 1, events, next.Token, Cancel));
        // Ballots are taken by whoever they come to: by the expected size alone.
        Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, 2, record.Next(1), null, Cancel));
    }

    [Fact]
    public async Task A_lease_is_one_holders_until_it_ends()
    {
        string name = $"lease/{Guid.NewGuid()}";
        Lease first = (await Store.TryLeaseAsync(name, s_a, TimeSpan.FromSeconds(10), Cancel))!;
        Assert.Null(await Store.TryLeaseAsync(name, s_b, TimeSpan.FromMinutes(1), Cancel));
        Lease renewed = (await Store.TryLeaseAsync(name, s_a, TimeSpan.FromSeconds(10), Cancel))!;
        Assert.Equal(first.Token, renewed.Token);
        Lease? taken = null;
        await UntilAsync(async () => (taken = await Store.TryLeaseAsync(name, s_b, TimeSpan.FromMinutes(10), Cancel)) is not null, "the lease never ended");
        Assert.True(taken!.Token > first.Token);
        Assert.Null(await Store.TryLeaseAsync(name, s_a, TimeSpan.FromMinutes(1), Cancel));
        // Releasing what one no longer has does nothing.
        await Store.ReleaseAsync(renewed, Cancel);
        Assert.Null(await Store.TryLeaseAsync(name, s_a, TimeSpan.FromMinutes(1), Cancel));
        // Its own after its end is a new one: whoever it was before may have a write under way.
        await Store.ReleaseAsync(taken, Cancel);
        Assert.True((await Store.TryLeaseAsync(name, s_b, TimeSpan.FromMinutes(1), Cancel))!.Token > taken.Token);
    }

    [Fact]
    public async Task A_node_takes_over_at_once_from_its_own_earlier_run_which_is_fenced()
    {
        var record = new SampleRecord();
        string name = IRecordStore.LeaseName(record.Id);
        Lease killed = (await Store.TryLeaseAsync(name, s_a, TimeSpan.FromMinutes(1), Cancel))!;
        LeaseHolder restarted = s_a with { Run = "2" };
        Lease taken = (await Store.TryLeaseAsync(name, restarted, TimeSpan.FromMinutes(1), Cancel))!;
        Assert.True(taken.Token > killed.Token);
        Assert.Equal(taken.Token, (await Store.TryLeaseAsync(name, restarted, TimeSpan.FromMinutes(1), Cancel))!.Token);
        RecordEvent[] events = record.Next(1);
        Assert.Equal(AppendOutcome.Fenced, await Store.AppendAsync(record.Id, 0, events, killed.Token, Cancel));
        Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, 0, events, taken.Token, Cancel));
        Assert.Null(await Store.TryLeaseAsync(name, s_b, TimeSpan.FromMinutes(1), Cancel));
    }

    [Fact]
    public async Task Of_many_who_want_a_lease_one_gets_it()
    {
        string name = $"lease/{Guid.NewGuid()}";
        Lease?[] leases = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Store.TryLeaseAsync(name, new LeaseHolder($"holder {i}", "1"), TimeSpan.FromMinutes(1), Cancel)));
        Assert.Single(leases, lease => lease is not null);
    }

    [Fact]
    public async Task A_nonce_is_used_exactly_once_whoever_asks()
    {
        var nonce = new Digest(RandomNumberGenerator.GetBytes(32));
        DateTimeOffset expires = TimeProvider.System.GetUtcNow().AddMinutes(1);
        bool[] used = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Store.UseNonceAsync(nonce, expires, Cancel)));
        Assert.Single(used, once => once);
        await ReopenAsync();
        Assert.False(await Store.UseNonceAsync(nonce, expires, Cancel));
        Assert.True(await Store.UseNonceAsync(new Digest(RandomNumberGenerator.GetBytes(32)), expires, Cancel));
    }

    [Fact]
    public async Task A_subscriber_hears_of_every_record_that_grows()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stop.CancelAfter(TimeSpan.FromMinutes(1));
        SampleRecord[] records = [new(), new(), new()];
        var missing = records.Select(record => record.Id).ToHashSet();
        Task listen = Task.Run(
            async () =>
            {
                await foreach (StoredRecord grown in Store.SubscribeAsync(stop.Token))
                {
                    if (missing.Remove(grown.Proposal) && missing.Count == 0)
                        return;
                }
            },
            stop.Token);
        // What came before it listened is not told: they grow until it has heard.
        for (int size = 0; !listen.IsCompleted; size++)
        {
            foreach (SampleRecord record in records)
                Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, size, record.Next(1), null, Cancel));
            await Task.WhenAny(listen, Task.Delay(200, Cancel));
        }

        await listen;
        Assert.Empty(missing);
    }

    [Fact]
    public async Task An_agent_is_replaced_under_its_id()
    {
        string folder = Directory.CreateTempSubdirectory("witan-agent-").FullName;
        using AgentSecrets secrets = AgentSecrets.FromDirectory(folder);
        Directory.Delete(folder, recursive: true);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        var enrolment = new Enrolment(
            AgentRole.Worker, "worker", "local", new RosterEntry(secrets.Keys, 1, 0, Digest.Zero), "http://127.0.0.1:3001", now, now.AddHours(1), IsRevoked: false).Sealed(new Ed25519Signer(secrets.SigningSeed));
        await Store.EnrolAsync(enrolment, Cancel);
        await Store.EnrolAsync((enrolment with { Name = "other", IsRevoked = true }).Sealed(new Ed25519Signer(secrets.SigningSeed)), Cancel);
        await ReopenAsync();
        Enrolment stored = Assert.Single((await Store.EnrolmentsAsync(0, Cancel)).Agents, agent => agent.Entry.Keys.AgentId == secrets.Keys.AgentId);
        Assert.Equal(("other", true, now, now.AddHours(1), "http://127.0.0.1:3001"), (stored.Name, stored.IsRevoked, stored.AdmittedAt, stored.ExpiresAt, stored.Callback));
        Assert.True(stored.IsSealedBy(new Ed25519Signer(secrets.SigningSeed)));
        Assert.False((stored with { IsRevoked = false }).IsSealedBy(new Ed25519Signer(secrets.SigningSeed)));
    }

    [Fact]
    public async Task A_withdrawn_admission_stays_withdrawn()
    {
        string folder = Directory.CreateTempSubdirectory("witan-agent-").FullName;
        using AgentSecrets secrets = AgentSecrets.FromDirectory(folder);
        Directory.Delete(folder, recursive: true);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        Enrolment Of(bool revoked, string name) => new Enrolment(
            AgentRole.Worker, name, "local", new RosterEntry(secrets.Keys, 1, 0, Digest.Zero), "", now, now.AddHours(1), revoked).Sealed(new Ed25519Signer(secrets.SigningSeed));
        Assert.True(await Store.EnrolAsync(Of(revoked: false, "first"), Cancel));
        long before = await Store.RevokedCountAsync(Cancel);
        Assert.True(await Store.EnrolAsync(Of(revoked: true, "withdrawn"), Cancel));
        Assert.Equal(before + 1, await Store.RevokedCountAsync(Cancel));
        // A coordinator that has not heard of it yet judges the agent good.
        Assert.False(await Store.EnrolAsync(Of(revoked: false, "again"), Cancel));
        Enrolment stored = Assert.Single((await Store.EnrolmentsAsync(0, Cancel)).Agents, agent => agent.Entry.Keys.AgentId == secrets.Keys.AgentId);
        Assert.Equal((true, "withdrawn"), (stored.IsRevoked, stored.Name));
    }

    [Fact]
    public async Task Agents_that_were_stored_since_are_told_and_none_is_missed_while_others_store()
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        string folder = Directory.CreateTempSubdirectory("witan-agents-").FullName;
        AgentSecrets[] secrets = [.. Enumerable.Range(0, 40).Select(i => AgentSecrets.FromDirectory(Directory.CreateDirectory(Path.Combine(folder, $"{i}")).FullName))];
        Directory.Delete(folder, recursive: true);
        var known = new HashSet<Digest>();
        long next = 0;
        Task storing = Task.WhenAll(secrets.Select((agent, i) => Task.Run(
            async () =>
            {
                await Task.Delay(i * 5, Cancel);
                await Store.EnrolAsync(
                    new Enrolment(AgentRole.Worker, $"w{i}", "local", new RosterEntry(agent.Keys, 1, 0, Digest.Zero), "", now, now.AddHours(1), IsRevoked: false).Sealed(new Ed25519Signer(agent.SigningSeed)),
                    Cancel);
            },
            Cancel)));
        while (!storing.IsCompleted)
            await LookAsync();
        await storing;
        await LookAsync();
        Assert.All(secrets, agent => Assert.Contains(agent.Keys.AgentId, known));
        // A change is news as well.
        AgentSecrets changed = secrets[7];
        await Store.EnrolAsync(
            new Enrolment(AgentRole.Worker, "other", "local", new RosterEntry(changed.Keys, 1, 0, Digest.Zero), "", now, now.AddHours(1), IsRevoked: true).Sealed(new Ed25519Signer(changed.SigningSeed)), Cancel);
        Assert.Equal("other", (await Store.EnrolmentsAsync(next, Cancel)).Agents.Single(agent => agent.Entry.Keys.AgentId == changed.Keys.AgentId).Name);
        // A number that the store has not come to is of another store: everything is told.
        Assert.True((await Store.EnrolmentsAsync(long.MaxValue, Cancel)).Agents.Count >= secrets.Length);
        foreach (AgentSecrets agent in secrets)
            agent.Dispose();

        async Task LookAsync()
        {
            EnrolmentPage page = await Store.EnrolmentsAsync(next, Cancel);
            known.UnionWith(page.Agents.Select(agent => agent.Entry.Keys.AgentId));
            next = page.Next;
        }
    }

    [Fact]
    public async Task The_first_order_to_revoke_something_stands_for_ever()
    {
        byte[] requester = RandomNumberGenerator.GetBytes(32), coordinator = RandomNumberGenerator.GetBytes(32);
        SealedRevocation Order(RevocationKind kind, string value, string reason) => SealedRevocation.Create(
            Revocation.Create(kind, value, reason, TimeProvider.System.GetUtcNow(), requester), coordinator);
        string value = RandomNumberGenerator.GetHexString(64, lowercase: true);
        SealedRevocation[] orders = [Order(RevocationKind.Platform, value, "lost"), Order(RevocationKind.Compose, value, "old")];
        long before = await Store.RevokedCountAsync(Cancel);
        bool[] taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Store.RevokeAsync(orders[0], Cancel)));
        Assert.Single(taken, once => once);
        Assert.True(await Store.RevokeAsync(orders[1], Cancel));
        Assert.False(await Store.RevokeAsync(Order(RevocationKind.Platform, value, "another reason"), Cancel));
        Assert.Equal(before + 2, await Store.RevokedCountAsync(Cancel));
        await ReopenAsync();
        SealedRevocation[] stored = [.. (await Store.RevocationsAsync(Cancel)).Where(order => order.Order.Value == value)];
        Assert.Equal(["lost", "old"], stored.Select(order => order.Order.Reason));
        Assert.All(stored, order => Assert.True(order.Order.IsSigned() && order.IsSealedBy(new Digest(Ed25519.PublicKey(coordinator)))));
        Assert.False(stored[0].IsSealedBy(new Digest(Ed25519.PublicKey(requester))));
        Assert.False((stored[0] with { Order = stored[0].Order with { Reason = "found" } }).IsSealedBy(new Digest(Ed25519.PublicKey(coordinator))));
    }

    [Fact]
    public async Task The_first_share_from_a_sender_to_a_receiver_stands()
    {
        var record = new SampleRecord();
        await Store.AppendAsync(record.Id, 0, record.Next(1), null, Cancel);
        await Store.KeepSharesAsync(record.Id, [new SealedShare(2, 1, [1, 2], [3]), new SealedShare(2, 3, [4], [5])], Cancel);
        await Store.KeepSharesAsync(record.Id, [new SealedShare(1, 3, [6], [7]), new SealedShare(2, 3, [8], [9])], Cancel);
        await ReopenAsync();
        IReadOnlyList<SealedShare> shares = await Store.SharesAsync(record.Id, 3, Cancel);
        Assert.Equal([1, 2], shares.Select(share => share.From));
        Assert.Equal([[6], [4]], shares.Select(share => share.Sealed));
        Assert.Equal([[7], [5]], shares.Select(share => share.Signature));
    }

    [Fact]
    public async Task The_newest_notice_of_a_subject_stands_until_its_end()
    {
        string board = $"board/{Guid.NewGuid()}";
        await Store.PostAsync(board, [new Notice("b", [1]), new Notice("a", [2])], TimeSpan.FromMinutes(1), Cancel);
        await Store.PostAsync(board, [new Notice("b", [3])], TimeSpan.FromSeconds(5), Cancel);
        Assert.Equal([("a", 2), ("b", 3)], (await Store.NoticesAsync(board, Cancel)).Select(notice => (notice.Subject, (int)notice.Body[0])));
        Assert.Empty(await Store.NoticesAsync(board + "/other", Cancel));
        await UntilAsync(async () => await Store.NoticesAsync(board, Cancel) is [{ Subject: "a" }], "the notice never ended");
    }

    [Fact]
    public async Task Many_records_grow_at_once()
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 20).Select(_ => new SampleRecord())];
        await Task.WhenAll(records.Select(async record =>
        {
            for (int size = 0; size < 10; size += 2)
                Assert.Equal(AppendOutcome.Appended, await Store.AppendAsync(record.Id, size, record.Next(2), null, Cancel));
        }));
        await ReopenAsync();
        foreach (SampleRecord record in records)
        {
            IReadOnlyList<RecordEvent> events = await Store.ReadAsync(record.Id, 0, 100, Cancel);
            Assert.Equal(10, events.Count);
            Assert.All(events.Skip(1), next => Assert.Equal(events[(int)next.Sequence - 1].Hash, next.Previous));
        }
    }

    [Fact]
    public Task It_can_say_whether_it_takes_writes() => Store.ProbeAsync(Cancel);

    private static async Task UntilAsync(Func<Task<bool>> isIt, string otherwise)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await isIt())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(1), otherwise);
            await Task.Delay(100, Cancel);
        }
    }
}

using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Admission;

/// <summary>Who gets in: real quotes and event logs, judged by the code that runs in production.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    private readonly Attesting _attesting = new();
    private AdmissionDesk _desk = null!;
    private AgentSecrets _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        (_desk, _worker) = (_attesting.Desk(), _attesting.Secrets("w1"));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _attesting.DisposeAsync();

    [Fact]
    public async Task Good_evidence_is_admitted_until_it_expires_and_can_be_renewed_before()
    {
        Assert.Null(await Code(_desk, Request("w1")));
        AdmittedMachine machine = AdmissionDesk.Machine(_desk.Find(_worker.Keys.AgentId)!);
        Assert.Equal((_attesting.Machine("worker", "w1").InstanceId, _attesting.Machine("worker", "w1").ComposeHash), (machine.Instance, machine.Compose));
        Assert.Equal((64, 96), (machine.Platform.Length, machine.Measurement.Length));
        _attesting.Clock.Advance(TimeSpan.FromHours(8));
        Assert.Null(await Code(_desk, Request("w1")));
        _attesting.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(_desk.Find(_worker.Keys.AgentId));
        _attesting.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(_desk.Find(_worker.Keys.AgentId));
    }

    [Fact]
    public async Task One_nonce_used_a_hundred_times_at_once_against_three_coordinators_succeeds_once()
    {
        // Three desks of one council: one key, one store, as coordinators that share a database are.
        AdmissionDesk[] desks = [_desk, _attesting.Desk(revocations: "second"), _attesting.Desk(revocations: "third")];
        AdmissionRequest request = Request("w1");
        string?[] codes = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => Code(desks[i % 3], request), Cancel)));
        Assert.Equal(1, codes.Count(code => code is null));
        Assert.Equal(99, codes.Count(code => code == "NONCE_USED"));
    }

    [Fact]
    public async Task A_nonce_is_used_up_by_rejection_too_and_lives_sixty_seconds()
    {
        NonceAnswer nonce = _desk.Nonce();
        AdmissionRequest good = Attesting.Answer(nonce, _worker, _attesting.Machine("worker", "w1"));
        AdmissionRequest bad = (good with { Evidence = good.Evidence with { EventLog = "[]" } }).Signed(_worker.SigningSeed);
        Assert.Equal("EVIDENCE_REJECTED", await Code(_desk, bad));
        Assert.Equal("NONCE_USED", await Code(_desk, good));
        AdmissionRequest late = Request("w1");
        _attesting.Clock.Advance(TimeSpan.FromSeconds(60) + TimeSpan.FromMilliseconds(1));
        Assert.Equal("NONCE_INVALID", await Code(_desk, late));
    }

    [Fact]
    public async Task Evidence_for_another_audience_role_policy_key_or_instance_is_rejected()
    {
        SimulatedMachineOf w1 = new(_attesting, "w1");
        NonceAnswer nonce = _desk.Nonce();
        Assert.Equal("EVIDENCE_REJECTED", await Code(_desk, w1.Answer(nonce with { Coordinator = _worker.Keys.Signing }, _worker)));
        nonce = _desk.Nonce();
        Assert.Equal("EVIDENCE_REJECTED", await Code(_desk, (w1.Answer(nonce, _worker) with { Role = AgentRole.Trustee }).Signed(_worker.SigningSeed)));
        nonce = _desk.Nonce();
        Assert.Equal("EVIDENCE_REJECTED", await Code(_desk, w1.Answer(nonce with { Policy = Digest.Zero }, _worker)));
        AgentSecrets thief = _attesting.Secrets("thief");
        nonce = _desk.Nonce();
        Assert.Equal("EVIDENCE_REJECTED", await Code(_desk, (w1.Answer(nonce, _worker) with { Keys = thief.Keys }).Signed(thief.SigningSeed)));
        // The instance is what the event log measured, not what the agent says, even where its own report data says so too.
        nonce = _desk.Nonce();
        var bound = new ReportData("admission", nonce.NonceHash(), nonce.Coordinator, AgentRole.Worker, _worker.Keys, new string('a', 40), nonce.Policy);
        AdmissionRequest renamed = w1.Answer(nonce, _worker) with { Evidence = Attesting.Evidence(_attesting.Machine("worker", "w1"), bound) };
        (_, Problem? problem) = await _desk.AdmitAsync(renamed.Signed(_worker.SigningSeed), Cancel);
        Assert.StartsWith("INSTANCE_MISMATCH", problem!.Title, StringComparison.Ordinal);
        // A nonce of another coordinator is not ours.
        Assert.Equal("NONCE_INVALID", await Code(_desk, w1.Answer(_attesting.Desk(secrets: thief).Nonce(), _worker)));
    }

    [Fact]
    public async Task A_request_that_its_key_did_not_sign_is_refused()
    {
        AdmissionRequest request = Request("w1");
        Assert.Equal("SIGNATURE_INVALID", await Code(_desk, request with { Name = "another" }));
        Assert.Equal("SIGNATURE_INVALID", await Code(_desk, request with { Signature = new byte[64] }));
        Assert.Null(await Code(_desk, request));
    }

    [Fact]
    public async Task What_the_policy_does_not_list_is_not_admitted()
    {
        Assert.Null(await Code(_desk, Request("w1")));
        AdmittedMachine machine = AdmissionDesk.Machine(_desk.Find(_worker.Keys.AgentId)!);
        string other = new('1', 64), otherMrTd = new('1', 96);
        (CouncilPolicy Policy, string? Title)[] cases =
        [
            (Attesting.Policy with { MrTd = [machine.Measurement] }, null),
            (Attesting.Policy with { MrTd = [otherMrTd] }, "POLICY_MEASUREMENT"),
            (Attesting.Policy with { RevokedMrTd = [machine.Measurement] }, "MEASUREMENT_REVOKED"),
            (Attesting.Policy with { WorkerComposeHashes = [machine.Compose], TrusteeComposeHashes = [other] }, null),
            (Attesting.Policy with { WorkerComposeHashes = [other] }, "POLICY_COMPOSE_HASH"),
            (Attesting.Policy with { Platforms = [machine.Platform] }, null),
            (Attesting.Policy with { Platforms = [other] }, "PLATFORM_UNKNOWN"),
            (Attesting.Policy with { KeyProviders = ["kms"] }, null),
            (Attesting.Policy with { KeyProviders = ["tpm"] }, "POLICY_KEY_PROVIDER"),
            (Attesting.Policy with { OsImageHashes = [other] }, "POLICY_OS_IMAGE"),
        ];
        for (int i = 0; i < cases.Length; i++)
        {
            AdmissionDesk desk = _attesting.Desk(cases[i].Policy, revocations: $"case-{i}");
            (_, Problem? problem) = await desk.AdmitAsync(Attesting.Request(desk, _worker, _attesting.Machine("worker", "w1")), Cancel);
            Assert.Equal(cases[i].Title, problem?.Title.Split(':')[0]);
        }
    }

    [Theory]
    [InlineData(RevocationKind.Measurement)]
    [InlineData(RevocationKind.Compose)]
    [InlineData(RevocationKind.Platform)]
    [InlineData(RevocationKind.Agent)]
    public async Task A_revocation_takes_effect_at_once_survives_a_restart_and_running_proposals_follow_the_policy(RevocationKind kind)
    {
        CouncilPolicy lenient = Attesting.Policy with { RevokedMayFinish = true };
        AdmissionDesk finishing = _attesting.Desk(lenient, revocations: "lenient");
        Assert.Null(await Code(finishing, Attesting.Request(finishing, _worker, _attesting.Machine("worker", "w1"))));
        Assert.Null(await Code(_desk, Request("w1")));
        AdmittedMachine machine = AdmissionDesk.Machine(_desk.Find(_worker.Keys.AgentId)!);
        string value = kind switch
        {
            RevocationKind.Measurement => machine.Measurement,
            RevocationKind.Compose => machine.Compose,
            RevocationKind.Platform => machine.Platform,
            _ => _worker.Keys.Did(),
        };
        Revocation order = Revocation.Create(kind, value, "test", _attesting.Clock.GetUtcNow(), _attesting.Secrets("requester").SigningSeed);
        Assert.True(order.IsSigned() && order.Problem() is null);
        Assert.False((order with { Value = value[..^1] + (value[^1] == '0' ? '1' : '0') }).IsSigned());
        foreach (AdmissionDesk desk in new[] { _desk, finishing })
        {
            // The first tells the store, and so all.
            Assert.Equal(desk == _desk, await desk.RevokeAsync(order, Cancel));
            Assert.False(await desk.RevokeAsync(order, Cancel));
            Assert.Null(desk.Find(_worker.Keys.AgentId));
        }

        Assert.Null(_desk.FindVoter(_worker.Keys.AgentId));
        Assert.NotNull(finishing.FindVoter(_worker.Keys.AgentId));
        AdmissionDesk restarted = _attesting.Desk();
        await restarted.LoadAsync(Cancel);
        Assert.Null(restarted.Find(_worker.Keys.AgentId));
        Assert.Equal("REVOKED", await Code(restarted, Attesting.Request(restarted, _worker, _attesting.Machine("worker", "w1"))));
    }

    [Fact]
    public async Task A_revocation_given_to_one_coordinator_holds_at_all_of_its_store_at_once()
    {
        AdmissionDesk other = _attesting.Desk(revocations: "other");
        await other.LoadAsync(Cancel);
        Assert.Null(await Code(_desk, Request("w1")));
        await other.RequireFreshAsync(Cancel);
        await other.RefreshAsync(Cancel);
        Assert.NotNull(other.FindVoter(_worker.Keys.AgentId));
        // By order, and by the agent's id; each known to the other when it asks next, as it does before every ballot.
        Revocation order = Revocation.Create(
            RevocationKind.Platform, AdmissionDesk.Machine(_desk.Find(_worker.Keys.AgentId)!).Platform, "test", _attesting.Clock.GetUtcNow(), _attesting.Secrets("requester").SigningSeed);
        Assert.True(await _desk.RevokeAsync(order, Cancel));
        await other.RequireFreshAsync(Cancel);
        Assert.Null(other.FindVoter(_worker.Keys.AgentId));
        Assert.Equal(order.Value, Assert.Single(other.Revocations.All).Value);
        Assert.Equal("REVOKED", await Code(other, Attesting.Request(other, _worker, _attesting.Machine("worker", "w1"))));
        Assert.True(await _desk.RevokeAsync(_worker.Keys.AgentId, Cancel));
        await other.RequireFreshAsync(Cancel);
        Assert.True(other.All.Single(agent => agent.Entry.Keys.AgentId == _worker.Keys.AgentId).IsRevoked);
    }

    [Fact]
    public async Task A_store_that_was_put_back_to_before_a_revocation_is_noticed_and_gets_it_again()
    {
        AdmissionDesk other = _attesting.Desk(revocations: "other");
        await other.LoadAsync(Cancel);
        Revocation order = Revocation.Create(
            RevocationKind.Compose, new string('a', 64), "test", _attesting.Clock.GetUtcNow(), _attesting.Secrets("requester").SigningSeed);
        Assert.True(await _desk.RevokeAsync(order, Cancel));
        Assert.Null(await other.RefreshRevokedAsync());
        _attesting.Execute("delete from revocation");
        Assert.Contains("rolled back", await other.RefreshRevokedAsync(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreException>(() => other.RequireFreshAsync(Cancel));
        AdmissionDesk restarted = _attesting.Desk(revocations: "other");
        await restarted.LoadAsync(Cancel);
        Assert.Single(restarted.Revocations.All);
        Assert.Single(await _attesting.Store.RevocationsAsync(Cancel));
        // And what no coordinator sealed is no order.
        _attesting.Execute("update revocation set seal = zeroblob(64)");
        await Assert.ThrowsAsync<StoreException>(() => _attesting.Desk(revocations: "third").LoadAsync(Cancel));
    }

    [Fact]
    public async Task One_live_instance_speaks_under_one_name_and_a_roster_has_no_more_of_a_platform_than_the_policy_allows()
    {
        Assert.Null(await Code(_desk, Request("w1")));
        using IDisposable one = _desk.Presence.Attend(_worker.Keys.AgentId);
        AgentSecrets twin = _attesting.Secrets("twin");
        Assert.Equal("INSTANCE_IN_USE", await Code(_desk, Attesting.Request(_desk, twin, _attesting.Machine("worker", "w1"))));
        Assert.Null(await Code(_desk, Attesting.Request(_desk, twin, _attesting.Machine("worker", "w2"))));
        using IDisposable two = _desk.Presence.Attend(twin.Keys.AgentId);
        Assert.Equal(2, _desk.Ready(AgentRole.Worker).Count);
        // Admissions hold for their policy: under the stricter one both attest anew, and one of the two may vote.
        CouncilPolicy strict = Attesting.Policy with { InstancesPerPlatform = 1 };
        AdmissionDesk restarted = _attesting.Desk(strict);
        await restarted.LoadAsync(Cancel);
        Assert.Null(restarted.Find(_worker.Keys.AgentId));
        Assert.Null(await Code(restarted, Attesting.Request(restarted, _worker, _attesting.Machine("worker", "w1"))));
        Assert.Null(await Code(restarted, Attesting.Request(restarted, twin, _attesting.Machine("worker", "w2"))));
        using IDisposable first = restarted.Presence.Attend(_worker.Keys.AgentId), second = restarted.Presence.Attend(twin.Keys.AgentId);
        Assert.Single(restarted.Ready(AgentRole.Worker));
        // A proposal that pinned another policy gets nobody.
        Assert.Empty(restarted.Ready(AgentRole.Worker, Attesting.Policy.Hash()));
        Assert.Single(restarted.Ready(AgentRole.Worker, strict.Hash()));
    }

    [Fact]
    public async Task Keys_admitted_as_a_worker_are_not_admitted_as_a_trustee()
    {
        Assert.Null(await Code(_desk, Request("w1")));
        Assert.Equal("OTHER_ROLE", await Code(_desk, Attesting.Request(_desk, _worker, _attesting.Machine("worker", "w1"), AgentRole.Trustee)));
        Assert.Equal("ADMISSION_INVALID", await Code(_desk, Attesting.Request(_desk, _worker, _attesting.Machine("worker", "w1"), AgentRole.Coordinator)));
    }

    private AdmissionRequest Request(string instance) => Attesting.Request(_desk, _worker, _attesting.Machine("worker", instance));

    private static async Task<string?> Code(AdmissionDesk desk, AdmissionRequest request) => (await desk.AdmitAsync(request, Cancel)).Problem?.Code;

    private sealed record SimulatedMachineOf(Attesting Attesting, string Name)
    {
        public AdmissionRequest Answer(NonceAnswer nonce, AgentSecrets secrets) => Attesting.Answer(nonce, secrets, Attesting.Machine("worker", Name));
    }
}

using Witan.Agent;
using Witan.Crypto;
using Witan.Tests.Harness;
using Witan.Tests.Voting;
using Witan.Trustee;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Trustee;

/// <summary>A real trustee in front of a coordinator that lies.</summary>
public sealed class TrusteeDeskTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-desk").FullName;
    private readonly AgentSecrets _secrets;
    private readonly Voting.Agent _self;

    public TrusteeDeskTests()
    {
        _secrets = AgentSecrets.FromDirectory(_folder);
        _self = new Voting.Agent(_secrets.SigningSeed, _secrets.EncryptionSecret, _secrets.Keys);
    }

    public void Dispose()
    {
        _secrets.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_word_on_the_beginning_of_a_record_is_no_word_on_the_record()
    {
        Council council = Enrolled();
        using var coordinator = new ScriptedCoordinator(council) { Sizes = (1, 1) };
        coordinator.Show(council);
        await using (Running trustee = Start(coordinator))
            await trustee.SaysAsync("of its beginning only");
        Assert.Empty(coordinator.Said);
        coordinator.Sizes = (0, 1);
        await using (Running trustee = Start(coordinator))
            await trustee.SaysAsync("gives no checkpoint of a record that holds them");
        Assert.Equal("commitments", Assert.Single(coordinator.Said).What);
    }

    [Fact]
    public async Task The_same_proposal_with_other_trustees_gets_no_second_contribution_also_after_a_restart()
    {
        Council one = Enrolled();
        Council two = one.Fork(1);
        two.Append(new TrusteesEnrolled([one.Enrolled[0], one.Enrolled[1], one.Enrolled[2] with { ConfidenceLevel = 4 }]));
        using var coordinator = new ScriptedCoordinator(one);
        coordinator.Show(one);
        await using (Running trustee = Start(coordinator))
        {
            await trustee.SaysAsync("commitments taken");
            coordinator.Show(two);
            await trustee.SaysAsync("rolled back or rewritten");
        }

        await using (Running trustee = Start(coordinator))
            await trustee.SaysAsync("shorter or other than what this trustee saw before");

        // Nor where it remembers nothing but its secret.
        File.Delete(Path.Combine(_folder, "checkpoints.json"));
        File.Delete(Path.Combine(_folder, "memory.sealed"));
        await using (Running trustee = Start(coordinator))
            await trustee.SaysAsync("a secret for another enrolment of the proposal");
        Assert.Single(coordinator.Said);
    }

    [Fact]
    public void A_secret_is_for_one_enrolment_of_a_proposal_and_one_of_before_for_none()
    {
        Council one = Enrolled(), other = Enrolled();
        RecordState two = one.State with { EnrolledHead = other.State.EnrolledHead };
        using TrusteeSecret secret = new TrusteeVault(_secrets, _folder).Secret(one.State, 1, mayDraw: true)!;
        var vault = new TrusteeVault(_secrets, _folder);
        using TrusteeSecret again = vault.Secret(one.State, 1, mayDraw: false)!;
        Assert.Equal(secret.ToBytes(), again.ToBytes());
        Assert.Contains("another enrolment", Assert.Throws<InvalidDataException>(() => vault.Secret(two, 1, mayDraw: true)).Message, StringComparison.Ordinal);
        Assert.Null(vault.Secret(other.State, 1, mayDraw: false));
        File.WriteAllBytes(Path.Combine(_folder, "shares", $"{other.State.ProposalId}.sealed"), [1]);
        Assert.Contains("earlier version", Assert.Throws<InvalidDataException>(() => vault.Secret(other.State, 1, mayDraw: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proposal_that_is_looser_than_its_own_policy_gets_no_key_and_no_sum()
    {
        Council council = Enrolled(workers: 1);
        using var coordinator = new ScriptedCoordinator(council);
        coordinator.Show(council);
        await using (Running trustee = Start(coordinator))
            await trustee.SaysAsync("looser than its policy: roster");
        // Nor is the sum of one that has a key opened.
        Council closed = Closed([0], council.CoordinatorSeed);
        coordinator.Show(closed);
        await using (Running trustee = Start(coordinator))
            await trustee.SaysAsync("(TooFew)");
        Assert.Empty(coordinator.Said);
    }

    [Fact]
    public async Task A_sum_that_cannot_be_opened_and_a_record_that_does_not_hold_stop_nobody_else()
    {
        // Three voters whose secrets of one option add up to nothing.
        P256Scalar first = P256Scalar.Random(), second = P256Scalar.Random();
        Council identity = Closed([0, 0, 0], null, [first, second, P256Scalar.Zero - (first + second)]);
        Assert.Contains(identity.State.Sums(), sum => !sum.IsProper);
        Council good = Closed([0, 1, 0], identity.CoordinatorSeed), cut = Closed([0, 1, 0], identity.CoordinatorSeed);
        List<RecordEvent> shortened = cut.Rechain(cut.Events.Select(next => next.Payload is BallotCast cast
            ? new BallotCast(cast.Ballot with { Options = [.. cast.Ballot.Options.Take(2)] })
            : next.Payload));
        using var coordinator = new ScriptedCoordinator(identity);
        coordinator.Show(identity);
        coordinator.Show(cut, shortened);
        await using Running trustee = Start(coordinator);
        await trustee.SaysAsync("a sum is the identity and cannot be opened");
        await trustee.SaysAsync("2 options instead of 3");
        coordinator.Show(good);
        await trustee.SaysAsync($"{good.State.ProposalId.Short()}: partials taken");
        Assert.Equal((good.State.ProposalId, "partials"), Assert.Single(coordinator.Said));
    }

    private Council Enrolled(int workers = 3)
    {
        var council = Make(workers, null);
        council.Open();
        council.Append(new TrusteesEnrolled([.. council.Enrolled]));
        return council;
    }

    // A closed record, in whose key the trustee has a part.
    private Council Closed(int[] choices, byte[]? coordinator, P256Scalar[]? secrets = null)
    {
        Council council = Make(choices.Length, coordinator);
        council.Open();
        council.Advance();
        _self.Secret = new TrusteeVault(_secrets, _folder).Secret(council.State, 1, mayDraw: true)!;
        council.GenerateKey();
        council.Advance();
        for (int i = 0; i < choices.Length; i++)
        {
            int voter = i, drawn = 0;
            council.Append(new BallotCast(BallotBuilder.Create(
                council.State.BallotContext, council.Workers[i].Keys, council.Workers[i].Seed, choices[i], Digest.Zero,
                () => secrets is not null && drawn++ == 0 ? Copy(secrets[voter]) : P256Scalar.Random())));
        }

        council.Advance();
        Assert.Equal(ProposalState.Tallying, council.State.State);
        return council;
    }

    // The builder disposes what it draws.
    private static P256Scalar Copy(P256Scalar scalar) => P256Scalar.TryDecode(scalar.ToBytes(), out P256Scalar? copy) ? copy : throw new InvalidOperationException();

    private Council Make(int workers, byte[]? coordinator)
    {
        int least = Math.Min(workers, 2);
        var agents = new Voting.Agent[] { _self, new(), new() };
        return coordinator is null
            ? new Council(workers, change: body => body with { MinimumTurnout = least, MinimumAnonymity = least }) { Trustees = agents }
            : new Council(workers, change: body => body with { MinimumTurnout = least, MinimumAnonymity = least }) { Trustees = agents, CoordinatorSeed = coordinator };
    }

    private Running Start(ScriptedCoordinator coordinator) => new(new AgentOptions { Name = "t", Coordinator = coordinator.Address, State = _folder, LocalMode = "true" });

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TestLog _log = new();
        private readonly Task _run;

        public Running(AgentOptions options) => _run = TrusteeHost.RunAsync(options, _log, TimeProvider.System, _stop.Token);

        public async Task SaysAsync(string what)
        {
            for (int i = 0; i < 600 && !_log.ToString().Contains(what, StringComparison.Ordinal); i++)
            {
                if (_run.IsCompleted)
                    await _run;
                await Task.Delay(50);
            }

            Assert.Contains(what, _log.ToString(), StringComparison.Ordinal);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
        }
    }
}

using System.Text.RegularExpressions;
using Witan.Agent;
using Witan.Attestation;
using Witan.Coordinator.Admission;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Dstack.Simulator;
using Witan.Tests.Admission;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>Those of H1 to H17 that no request can express: how keys are born, what evidence binds, what counts as approval.</summary>
public sealed partial class SecurityHolesByDesign
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task H4_The_settlement_key_is_born_in_the_TEE_bound_by_evidence_and_the_same_after_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("witan-h4").FullName;
        try
        {
            string socket = Path.Combine(folder, "c.sock"), other = Path.Combine(folder, "d.sock");
            await using SimulatorServer server = await SimulatorServer.StartAsync(
                new SimulatorOptions
                {
                    Seed = new byte[32],
                    State = folder,
                    Sockets = [new SimulatorSocket("coordinator", "one", socket), new SimulatorSocket("coordinator", "two", other)],
                },
                Cancel);
            using var agent = new DstackClient(socket);
            using var second = new DstackClient(other);
            using AgentSecrets born = await AgentSecrets.FromDstackAsync(agent, AgentRole.Coordinator, shared: false, Cancel);
            using AgentSecrets again = await AgentSecrets.FromDstackAsync(agent, AgentRole.Coordinator, shared: false, Cancel);
            using AgentSecrets worker = await AgentSecrets.FromDstackAsync(agent, AgentRole.Worker, shared: false, Cancel);
            using AgentSecrets twin = await AgentSecrets.FromDstackAsync(second, AgentRole.Coordinator, shared: false, Cancel);
            Assert.Equal(born.Keys, again.Keys);
            Assert.Equal(3, new[] { born.Keys.AgentId, worker.Keys.AgentId, twin.Keys.AgentId }.Distinct().Count());
            // Coordinators of one store speak with one key, which is no single instance's.
            using AgentSecrets one = await AgentSecrets.FromDstackAsync(agent, AgentRole.Coordinator, shared: true, Cancel);
            using AgentSecrets two = await AgentSecrets.FromDstackAsync(second, AgentRole.Coordinator, shared: true, Cancel);
            Assert.Equal(one.Keys, two.Keys);
            Assert.NotEqual(one.Keys, born.Keys);

            EvidenceJudge judge = JudgeSettings.Create(Path.Combine(folder, "collateral.json"), Path.Combine(folder, "root.pem"), Attesting.Policy, TimeProvider.System);
            ReportData bound = CoordinatorEvidence.ReportData(born.Keys.AgentId, born.Keys, born.Instance);
            AgentEvidence evidence = await new Attester(agent).MakeAsync(bound, Cancel);
            Assert.Equal(AppraisalOutcome.Accepted, judge.Judge(evidence, bound).Verdict.Outcome);
            // Another key, a laptop's for instance, is not the one that the evidence binds.
            ReportData claimed = CoordinatorEvidence.ReportData(born.Keys.AgentId, twin.Keys, born.Instance);
            Assert.Equal(AppraisalOutcome.Rejected, judge.Judge(evidence, claimed).Verdict.Outcome);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void H5_Nothing_but_enough_approvals_approves()
    {
        var council = new Voting.Council(3);
        foreach ((int numerator, int denominator) in new[] { (1, 2), (2, 3), (3, 4), (999, 1000) })
        {
            ProposalBody body = council.Body with { PassNumerator = numerator, PassDenominator = denominator };
            for (long approve = 0; approve <= 12; approve++)
            {
                for (long reject = 0; reject <= 12; reject++)
                {
                    for (long abstain = 0; abstain <= 3; abstain++)
                    {
                        Outcome outcome = Outcome.Decide(body, [approve, reject, abstain]);
                        bool enough = approve * denominator > numerator * (approve + reject) && approve > 0;
                        Assert.Equal(enough, outcome.Decision == Decision.Approved);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task H7_A_vote_is_not_bought_by_starting_another_process()
    {
        await using var attesting = new Attesting();
        AdmissionDesk desk = attesting.Desk(Attesting.Policy with { InstancesPerPlatform = 1 });
        var here = new List<IDisposable>();
        for (int i = 0; i < 5; i++)
        {
            AgentSecrets secrets = attesting.Secrets($"sybil-{i}");
            (AdmissionAnswer? answer, _) = await desk.AdmitAsync(Attesting.Request(desk, secrets, attesting.Machine("worker", $"w{i}")), Cancel);
            here.Add(desk.Presence.Attend(answer!.Agent));
        }

        // Five guests on one platform, all with good evidence: one voter.
        Assert.Single(desk.Ready(AgentRole.Worker));
        here.ForEach(one => one.Dispose());
    }

    [Fact]
    public void H11_What_is_counted_is_what_was_verified_and_recorded()
    {
        var council = new Voting.Council(3);
        RecordState state = council.Decide(0, 0, 1);
        IReadOnlyList<EncryptedSum> recomputed = Decryption.Sum(
            3, [.. council.Events.Select(next => next.Payload).OfType<BallotCast>().Select(cast => (cast.Ballot, 1))]);
        Assert.Equal(Decryption.Hash(recomputed), Decryption.Hash(state.Sums()));
        // One ballot replaced by another good one of the same voter, after the sum was opened.
        List<RecordPayload> payloads = [.. council.Events.Select(next => next.Payload)];
        int at = payloads.FindIndex(payload => payload is BallotCast cast && cast.Ballot.Agent == council.Workers[0].Keys.AgentId);
        payloads[at] = new BallotCast(council.Ballot(0, 1));
        Assert.False(Audit.Run(DecisionFile.Of(state, council.Rechain(payloads)).ToBytes()).Valid);
    }

    [Fact]
    public void H14_The_coordinator_cannot_count_alone()
    {
        var council = new Voting.Council(3);
        council.OpenVoting();
        for (int i = 0; i < 3; i++)
            council.Append(new BallotCast(council.Ballot(i, 1)));
        council.Advance();
        Assert.NotNull(council.Try(new Tallied([3, 0, 0], Decision.Approved, 0)));
        council.Append(new PartiallyDecrypted(council.Decrypt(1)));
        Assert.NotNull(council.Try(new Tallied([3, 0, 0], Decision.Approved, 0)));
        council.Append(new PartiallyDecrypted(council.Decrypt(2)));
        Assert.NotNull(council.Try(new Tallied([3, 0, 0], Decision.Approved, 0)));
        Assert.NotNull(council.Try(new Tallied([0, 3, 0], Decision.Approved, 0)));
        Assert.Null(council.Try(new Tallied([0, 3, 0], Decision.Rejected, null)));
    }

    [Fact]
    public async Task H15_Whoever_stands_in_between_with_complete_evidence_of_another_has_no_usable_key()
    {
        await using var attesting = new Attesting();
        // The relay passes on honest evidence and puts its own keys in the answer.
        AgentSecrets honest = attesting.Secrets("honest"), relay = attesting.Secrets("relay");
        var machine = attesting.Machine("coordinator", "one");
        ReportData bound = CoordinatorEvidence.ReportData(Digest.Zero, honest.Keys, machine.InstanceId);
        AgentEvidence evidence = Attesting.Evidence(machine, bound);
        EvidenceJudge judge = attesting.Judge(Attesting.Policy);
        Assert.Equal(AppraisalOutcome.Accepted, judge.Judge(evidence, bound).Verdict.Outcome);
        Assert.Equal(AppraisalOutcome.Rejected, judge.Judge(evidence, CoordinatorEvidence.ReportData(Digest.Zero, relay.Keys, machine.InstanceId)).Verdict.Outcome);
        // Mixed keys fail as well: both are bound.
        var mixed = new AgentKeys(honest.Keys.Signing, relay.Keys.Encryption);
        Assert.Equal(AppraisalOutcome.Rejected, judge.Judge(evidence, CoordinatorEvidence.ReportData(Digest.Zero, mixed, machine.InstanceId)).Verdict.Outcome);
        // What is sealed to the attested key does not open with the relay's.
        byte[] sealedText = Hpke.Seal(honest.Keys.Encryption, "x"u8, "y"u8, "share"u8);
        Assert.False(Hpke.TryOpen(relay.EncryptionSecret, "x"u8, "y"u8, sealedText, out _));
    }

    [Fact]
    public void H17_No_command_goes_through_a_shell()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "src"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(file);
            Assert.False(Shell().IsMatch(text), $"{file} runs something through a shell");
            foreach (Match start in Start().Matches(text))
                Assert.False(start.Value.Contains("Arguments =", StringComparison.Ordinal) || start.Value.Contains("\", \"", StringComparison.Ordinal), $"{file}: arguments are a list, never a string: {start.Value}");
        }
    }

    [GeneratedRegex("UseShellExecute = true|\"/bin/(ba)?sh\"|\"cmd.exe\"|\"-c\",\\s*\\$\"")]
    private static partial Regex Shell();

    [GeneratedRegex("new ProcessStartInfo\\([^;]*;")]
    private static partial Regex Start();
}

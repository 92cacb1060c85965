using Witan.Agent;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Tests.Voting;
using Witan.Voting;
using Xunit;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Admission;

/// <summary>Trustees show their evidence in the record: workers, each other and auditors judge it from there.</summary>
public sealed class TrusteeEvidenceTests : IAsyncLifetime
{
    private readonly Attesting _attesting = new();
    private readonly Council _council = new(3);

    public ValueTask InitializeAsync()
    {
        _council.Open(ExecutionMode.Simulated);
        _council.Append(new TrusteesEnrolled([.. _council.Enrolled.Select(trustee => trustee with { Evidence = _council.CoordinatorKey })]));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _attesting.DisposeAsync();

    [Fact]
    public void A_commitment_without_evidence_or_with_evidence_that_is_too_long_is_refused()
    {
        ContributionCommitment commitment = Commitment(1);
        Assert.NotNull(_council.Try(new ContributionCommitted(commitment)));
        Assert.NotNull(_council.Try(new ContributionCommitted(commitment, AgentEvidence.None)));
        AgentEvidence evidence = Evidence(1, "t1");
        Assert.NotNull(_council.Try(new ContributionCommitted(commitment, evidence with { EventLog = new string(' ', AgentEvidence.MaximumText + 1) })));
        Assert.Null(_council.Try(new ContributionCommitted(commitment, evidence)));
        Assert.Equal(evidence, _council.State.Evidence[1]);
    }

    [Fact]
    public void It_is_judged_for_this_proposal_this_trustee_and_this_policy()
    {
        AgentEvidence evidence = Evidence(1, "t1");
        EvidenceJudge judge = _attesting.Judge(Attesting.Policy);
        Assert.Equal(AppraisalOutcome.Accepted, Outcome(judge, _council.State, 1, evidence));
        Assert.Equal(AppraisalOutcome.Rejected, Outcome(judge, _council.State, 2, evidence));
        Assert.Equal(AppraisalOutcome.Rejected, Outcome(judge, _council.State, 1, evidence with { Instance = new string('b', 40) }));
        Assert.Equal(AppraisalOutcome.Rejected, Outcome(judge, _council.State with { ProposalId = Digest.Zero }, 1, evidence));
        Assert.Equal(AppraisalOutcome.Rejected, Outcome(judge, _council.State with { EnrolledHead = Digest.Zero }, 1, evidence));
        CouncilPolicy other = Attesting.Policy with { TrusteeComposeHashes = [new string('1', 64)] };
        Assert.Equal(AppraisalOutcome.Rejected, Outcome(_attesting.Judge(other), _council.State, 1, evidence));
        CouncilPolicy listed = Attesting.Policy with { TrusteeComposeHashes = [_attesting.Machine("trustee", "t1").ComposeHash] };
        Assert.Equal(AppraisalOutcome.Accepted, Outcome(_attesting.Judge(listed), _council.State, 1, evidence));
    }

    [Fact]
    public void The_record_binds_it()
    {
        AgentEvidence evidence = Evidence(1, "t1");
        _council.Append(new ContributionCommitted(Commitment(1), evidence));
        RecordEvent last = _council.Events[^1];
        var swapped = last with { Payload = ((ContributionCommitted)last.Payload) with { Evidence = Evidence(1, "t2") } };
        Council fork = _council.Fork(_council.Events.Count - 1);
        Assert.Null(RecordFold.Apply(fork.State, swapped, ProofChecks.All, out Refusal? refusal));
        Assert.Contains("hash", refusal!.Message, StringComparison.Ordinal);
        byte[] file = DecisionFile.Of(_council.State, _council.Events).ToBytes();
        AuditReport report = Audit.Run(file);
        Assert.True(report.Valid, report.Problem);
        Assert.Equal(evidence, report.State!.Evidence[1]);
    }

    private ContributionCommitment Commitment(int index)
    {
        using TrusteeSecret secret = TrusteeSecret.Create(index, _council.Body.Threshold, P256Scalar.Random);
        return secret.Contribute(_council.State.KeyGeneration, _council.Trustees[index - 1].Seed).Commitment;
    }

    private AgentEvidence Evidence(int index, string instance)
    {
        SimulatedMachine machine = _attesting.Machine("trustee", instance);
        return Attesting.Evidence(machine, ReportData.ForKeyGeneration(_council.State, _council.State.Trustees[index - 1], machine.InstanceId));
    }

    private static AppraisalOutcome Outcome(EvidenceJudge judge, RecordState state, int index, AgentEvidence evidence) =>
        judge.Judge(evidence, ReportData.ForKeyGeneration(state, state.Trustees[index - 1], evidence.Instance)).Verdict.Outcome;
}

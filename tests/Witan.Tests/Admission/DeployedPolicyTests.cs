using System.Text;
using Witan.Agent;
using Witan.Attestation;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;
using YamlDotNet.RepresentationModel;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Admission;

/// <summary>A host that gives another coordinator's address: what the policies in <c>deploy/*.yml</c> make of it.</summary>
public sealed class DeployedPolicyTests : IAsyncDisposable
{
    private static readonly string s_zeros = new('0', 64);
    private readonly Attesting _attesting = new();

    public ValueTask DisposeAsync() => _attesting.DisposeAsync();

    [Theory]
    [InlineData("worker", AgentRole.Worker)]
    [InlineData("trustee", AgentRole.Trustee)]
    public void Whoever_answers_there_must_run_a_program_that_the_measured_text_lists(string file, AgentRole role)
    {
        string text = PolicyOf(file);
        CouncilPolicy policy = Read(text);
        Assert.Null(UnpinnedPrograms.Warning(policy, role));
        Assert.NotEmpty(policy.OsImageHashes);
        Assert.Contains("coordinatorComposeHashes: the zeros stand for a value", policy.Problem(), StringComparison.Ordinal);
        Assert.Throws<SettingException>(() => _attesting.Judge(policy));

        SimulatedMachine genuine = _attesting.Machine("coordinator", "c1"), other = _attesting.Machine("their-own", "c1");
        string[] written = text.Split('\n');
        for (int i = 0; i < written.Length; i++)
            written[i] = written[i].Replace(s_zeros, written[i].Contains("osImageHashes", StringComparison.Ordinal) ? genuine.OsImageHash : genuine.ComposeHash, StringComparison.Ordinal);
        EvidenceJudge judge = _attesting.Judge(Read(string.Join('\n', written)));
        Assert.Equal((AppraisalOutcome.Accepted, null), Asked(judge, genuine));
        Assert.Equal((AppraisalOutcome.Rejected, "POLICY_COMPOSE_HASH"), Asked(judge, other));
    }

    private (AppraisalOutcome Outcome, string? Code) Asked(EvidenceJudge judge, SimulatedMachine machine)
    {
        AgentKeys keys = _attesting.Coordinator.Keys;
        ReportData expected = CoordinatorEvidence.ReportData(Digest.Zero, keys, machine.InstanceId);
        Witan.Attestation.Verdict verdict = judge.Judge(Attesting.Evidence(machine, expected) with { Config = machine.App.VmConfig }, expected).Verdict;
        return (verdict.Outcome, verdict.Outcome == AppraisalOutcome.Accepted ? null : verdict.Cause?.Code);
    }

    private static CouncilPolicy Read(string json) =>
        CouncilPolicyFile.TryRead(Encoding.UTF8.GetBytes(json), out CouncilPolicy? policy, out string? problem) ? policy : throw new InvalidDataException(problem);

    private static string PolicyOf(string name)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(SharedData.Repository, "deploy", $"{name}.yml"))));
        YamlNode service = stream.Documents[0].RootNode["services"][name];
        return ((YamlScalarNode)service["environment"]["WITAN_POLICY"]).Value!;
    }
}

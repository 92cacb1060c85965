using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>A record that names a policy keeps to it: one record for each rule that breaks it and is signed all the same.</summary>
public sealed class PolicyAuditTests
{
    private static readonly CouncilPolicy Policy = new() { Name = "ours", MaximumWorkers = 3, WorstLevel = 3 };

    [Fact]
    public void A_record_that_keeps_to_its_policy_is_valid() => Assert.Null(Problem(Make(3)));

    [Fact]
    public void A_proposal_that_is_looser_than_the_policy_is_caught() =>
        Assert.Contains("looser than its policy: anonymity", Problem(Make(3, body => body with { MinimumAnonymity = 1 })), StringComparison.Ordinal);

    [Fact]
    public void A_last_moment_to_settle_years_away_is_looser() => Assert.Contains(
        "settle by", Problem(Make(3, body => body with { SettleBy = body.CloseAt.AddMilliseconds(Policy.LongestMilliseconds + 1) })), StringComparison.Ordinal);

    [Fact]
    public void A_weight_that_the_policy_does_not_give_is_caught() =>
        Assert.Contains("has weight 1000; the policy gives it 1", Problem(Make(3, weights: [1, 1000, 1])), StringComparison.Ordinal);

    [Fact]
    public void A_weight_that_the_policy_gives_and_the_record_does_not_is_caught()
    {
        var first = new Agent();
        CouncilPolicy weighted = Policy with { Weights = new Dictionary<string, int> { [first.Keys.Did()] = 7 } };
        Assert.Null(Problem(Make([first, new(), new()], weighted, weights: [7, 1, 1]), weighted));
        Assert.Contains("the policy gives it 7", Problem(Make([first, new(), new()], weighted), weighted), StringComparison.Ordinal);
    }

    [Fact]
    public void More_voters_than_the_policy_allows_are_caught() =>
        Assert.Contains("the roster has 4 voters; the policy allows 3", Problem(Make(4, body => body with { MinimumRoster = 3 })), StringComparison.Ordinal);

    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    public void A_confidence_level_that_the_policy_does_not_admit_is_caught(int level)
    {
        Assert.Contains($"was admitted at confidence level {level}", Problem(Attested(level, level)), StringComparison.Ordinal);
        Assert.Contains($"was enrolled at confidence level {level}", Problem(Attested(3, level)), StringComparison.Ordinal);
        Assert.Null(Problem(Attested(3, 1)));
    }

    private static Council Make(int workers, Func<ProposalBody, ProposalBody>? change = null, int[]? weights = null) =>
        Make(Enumerable.Range(0, workers).Select(_ => new Agent()), Policy, change, weights);

    private static Council Make(IEnumerable<Agent> workers, CouncilPolicy policy, Func<ProposalBody, ProposalBody>? change = null, int[]? weights = null) =>
        new(workers, change: body => (change ?? (same => same))(Strict(body)), weights: weights) { Policy = policy.Hash() };

    private static ProposalBody Strict(ProposalBody body) => body with { MinimumTurnout = 2, MinimumAnonymity = 2 };

    // The record of a council whose voters and trustees have these levels.
    private static DecisionFile Attested(int voters, int trustees)
    {
        var council = new Council(3, change: Strict) { Policy = Policy.Hash(), Mode = ExecutionMode.Simulated, Level = trustees, Evidence = _ => new AgentEvidence("i", "00", "[]", "") };
        council.Open();
        council.Append(new TrusteesEnrolled([.. council.Enrolled]));
        council.GenerateKey();
        council.Append(Lifecycle.Next(council.State, [], [], council.Now)!);
        RosterEntry[] entries = [.. council.Admitted.Select(entry => entry with { ConfidenceLevel = voters }).OrderBy(entry => entry.Keys.AgentId)];
        council.Append(new RosterFrozen(entries, council.State.ComputeConfiguration(council.State.ElectionKey!), Roster.Root(council.State.ProposalId, entries)));
        return DecisionFile.Of(council.State, council.Events);
    }

    private static string? Problem(Council council, CouncilPolicy? policy = null)
    {
        RecordState state = council.Decide([.. council.Workers.Select(_ => 0)]);
        return Problem(DecisionFile.Of(state, council.Events), policy);
    }

    private static string? Problem(DecisionFile file, CouncilPolicy? policy = null)
    {
        Assert.True(Audit.Run(file).Valid);
        return Audit.Run(file, new AuditOptions { Policy = policy ?? Policy }).Problem;
    }
}

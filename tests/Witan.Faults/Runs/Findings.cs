using Witan.Faults.Processes;
using Witan.Voting;

namespace Witan.Faults.Runs;

/// <summary>What went wrong in decisions under faults, counted.</summary>
public sealed class Findings(TextWriter log)
{
    /// <summary>Ballots that were acknowledged and are not in the record.</summary>
    public int Lost { get; private set; }

    /// <summary>Ballots that were counted twice.</summary>
    public int Doubled { get; private set; }

    /// <summary>Decisions that are missing, do not audit, or are not the model's.</summary>
    public int Wrong { get; private set; }

    /// <summary>Acknowledged ballots that were looked for.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Holds a decision against the receipts and the model.</summary>
    public void Judge(string what, Digest proposal, byte[]? decision, IReadOnlyList<Receipt> receipts, int cost)
    {
        Acknowledged += receipts.Count;
        if (decision is null)
        {
            Add(what, "there is no decision");
            return;
        }

        AuditReport report = Audit.Run(decision);
        if (report.State is not { } state || !report.Valid)
        {
            Add(what, $"the record does not hold: {report.Problem}");
            return;
        }

        foreach (Receipt receipt in receipts)
        {
            bool holds = state.Ballots.TryGetValue(receipt.Nullifier, out Ballot? ballot) && ballot.Hash() == receipt.Ballot
                && state.Positions[receipt.Nullifier] is { } position && position.Sequence == receipt.Sequence && position.Head == receipt.Head;
            if (holds)
                continue;
            Lost++;
            log.WriteLine($"{what}: LOST an acknowledged ballot of proposal {proposal.Short()}");
        }

        if (state.Counts.Sum() > state.Roster.Count || state.Ballots.Values.Select(ballot => ballot.Agent).Distinct().Count() != state.Ballots.Count)
        {
            Doubled++;
            log.WriteLine($"{what}: DOUBLED: {string.Join(", ", state.Counts)} of {state.Roster.Count}");
        }

        int approvals = CouncilUnderTest.Approvals(cost);
        Decision expected = approvals * 2 > state.Roster.Count ? Decision.Approved : Decision.Rejected;
        if (state.Outcome?.Decision != expected || !state.Counts.SequenceEqual([approvals, state.Roster.Count - approvals, 0]))
            Add(what, $"{state.State} {state.Outcome?.Decision} with {string.Join(", ", state.Counts)} instead of {expected} with {approvals} approvals");
    }

    /// <summary>Something else is wrong.</summary>
    public void Add(string what, string problem)
    {
        Wrong++;
        log.WriteLine($"{what}: WRONG: {problem}");
    }
}

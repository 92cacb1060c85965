namespace Witan.Voting;

/// <summary>What a reader knows and expects beside the file. What is left null is not compared.</summary>
public sealed record AuditOptions
{
    /// <summary>The coordinator's Ed25519 key.</summary>
    public Digest? Coordinator { get; init; }

    /// <summary>The council's policy: the record must name it, and keep to it.</summary>
    public CouncilPolicy? Policy { get; init; }

    /// <summary>The proposal's id.</summary>
    public Digest? Proposal { get; init; }

    /// <summary>The least trusted mode that is good enough.</summary>
    /// <value>The default value is <see cref="ExecutionMode.Local"/>: any mode, with a warning. A production verifier sets
    /// <see cref="ExecutionMode.Production"/>.</value>
    public ExecutionMode Mode { get; init; } = ExecutionMode.Local;

    /// <summary>Receipts that must stand in the record. One of another proposal or another coordinator is a fault, too.</summary>
    public IReadOnlyList<Receipt> Receipts { get; init; } = [];

    /// <summary>Checkpoints that the record must contain; likewise.</summary>
    public IReadOnlyList<Checkpoint> Checkpoints { get; init; } = [];

    /// <summary>How many cores check ballots; -1 for all.</summary>
    /// <value>The default value is -1.</value>
    public int Parallelism { get; init; } = -1;

    internal string? Problem(RecordState state, IReadOnlyList<RecordEvent> events)
    {
        if (Coordinator is { } coordinator && coordinator != state.Opening.Coordinator)
            return $"the record is signed by coordinator {state.Opening.Coordinator}; {coordinator} is expected";
        if (Policy is { } policy && PolicyProblem(policy, state) is { } broken)
            return broken;
        if (Proposal is { } proposal && proposal != state.ProposalId)
            return "the record is of another proposal than expected";
        if (state.Mode < Mode)
            return $"the record is of mode {state.Mode}; {Mode} or better is expected";
        return Receipts.Select(receipt => Problem(receipt, state, events)).FirstOrDefault(problem => problem is not null)
            ?? Checkpoints.Select(checkpoint => Problem(checkpoint, state, events)).FirstOrDefault(problem => problem is not null);
    }

    // Thousands may be shown: the signature, which costs most, matters only where something is missing.
    private static string? Problem(Receipt receipt, RecordState state, IReadOnlyList<RecordEvent> events) =>
        receipt.Proposal != state.ProposalId ? $"a receipt is of proposal {receipt.Proposal}, the record of {state.ProposalId}"
        : receipt.IsIn(events) ? null
        : receipt.IsSignedBy(state.Opening.Coordinator)
            ? $"the coordinator gave a receipt for ballot {receipt.Ballot.Short()} at position {receipt.Sequence}, where it does not stand"
            : $"the receipt for ballot {receipt.Ballot.Short()} is not signed by the coordinator of this record";

    private static string? Problem(Checkpoint seen, RecordState state, IReadOnlyList<RecordEvent> events) =>
        seen.Proposal != state.ProposalId ? $"a checkpoint is of proposal {seen.Proposal}, the record of {state.ProposalId}"
        : seen.IsIn(events) ? null
        : seen.IsSignedBy(state.Opening.Coordinator) ? $"the coordinator signed another head at size {seen.Size}"
        : $"the checkpoint of size {seen.Size} is not signed by the coordinator of this record";

    // The hash says which policy was named; that the record keeps to it is another question.
    private static string? PolicyProblem(CouncilPolicy policy, RecordState state)
    {
        if (policy.Hash() != state.Opening.Policy)
            return $"the record was made under policy {state.Opening.Policy}; {policy.Hash()} is expected";
        if (policy.Looser(state.Body, state.Body.CreatedAt) is { } looser)
            return $"the proposal is looser than its policy: {looser}";
        if (state.Roster.Count > policy.MaximumWorkers)
            return $"the roster has {state.Roster.Count} voters; the policy allows {policy.MaximumWorkers}";
        if (state.Roster.Values.FirstOrDefault(voter => voter.Weight != policy.WeightOf(voter.Keys)) is { } heavy)
            return $"the ballot of {heavy.Keys.Did()} has weight {heavy.Weight}; the policy gives it {policy.WeightOf(heavy.Keys)}";
        if (state.Mode == ExecutionMode.Local)
            return null;
        bool IsGood(int level) => level >= 1 && level <= policy.WorstLevel;
        if (state.Roster.Values.FirstOrDefault(voter => !IsGood(voter.ConfidenceLevel)) is { } weak)
            return $"voter {weak.Keys.Did()} was admitted at confidence level {weak.ConfidenceLevel}; the policy asks for 1 to {policy.WorstLevel}";
        return state.Trustees.Find(trustee => !IsGood(trustee.ConfidenceLevel)) is { } trustee
            ? $"trustee {trustee.Index} was enrolled at confidence level {trustee.ConfidenceLevel}; the policy asks for 1 to {policy.WorstLevel}"
            : null;
    }
}

namespace Witan.Voting;

/// <summary>What a reader knows and expects beside the file. What is left null is not compared.</summary>
public sealed record AuditOptions
{
    /// <summary>The coordinator's Ed25519 key.</summary>
    public Digest? Coordinator { get; init; }

    /// <summary>Hash of the admission policy.</summary>
    public Digest? Policy { get; init; }

    /// <summary>The proposal's id.</summary>
    public Digest? Proposal { get; init; }

    /// <summary>The least trusted mode that is good enough.</summary>
    /// <value>The default value is <see cref="ExecutionMode.Local"/>: any mode, with a warning. A production verifier sets
    /// <see cref="ExecutionMode.Production"/>.</value>
    public ExecutionMode Mode { get; init; } = ExecutionMode.Local;

    /// <summary>Receipts that must stand in the record.</summary>
    public IReadOnlyList<Receipt> Receipts { get; init; } = [];

    /// <summary>Checkpoints that the record must contain.</summary>
    public IReadOnlyList<Checkpoint> Checkpoints { get; init; } = [];

    /// <summary>How many cores check ballots; -1 for all.</summary>
    /// <value>The default value is -1.</value>
    public int Parallelism { get; init; } = -1;

    internal string? Problem(RecordState state, IReadOnlyList<RecordEvent> events)
    {
        if (Coordinator is { } coordinator && coordinator != state.Opening.Coordinator)
            return $"the record is signed by coordinator {state.Opening.Coordinator}; {coordinator} is expected";
        if (Policy is { } policy && policy != state.Opening.Policy)
            return $"the record was made under policy {state.Opening.Policy}; {policy} is expected";
        if (Proposal is { } proposal && proposal != state.ProposalId)
            return "the record is of another proposal than expected";
        if (state.Mode < Mode)
            return $"the record is of mode {state.Mode}; {Mode} or better is expected";
        // Thousands may be shown: the signature, which costs most, matters only where something is missing.
        if (Receipts.FirstOrDefault(receipt => receipt.Proposal == state.ProposalId && !receipt.IsIn(events) && receipt.IsSignedBy(state.Opening.Coordinator)) is { } missing)
            return $"the coordinator gave a receipt for ballot {missing.Ballot.Short()} at position {missing.Sequence}, where it does not stand";
        return Checkpoints.FirstOrDefault(
            seen => seen.Proposal == state.ProposalId && seen.IsSignedBy(state.Opening.Coordinator) && !seen.IsIn(events)) is { } other
            ? $"the coordinator signed another head at size {other.Size}"
            : null;
    }
}

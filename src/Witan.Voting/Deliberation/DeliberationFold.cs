namespace Witan.Voting;

/// <summary>The part of the fold that is the sealed round: open it, take sealed arguments, show all of them at once.</summary>
internal static class DeliberationFold
{
    internal static (RecordState?, Refusal?) Open(RecordState state, DeliberationOpened payload) =>
        state.State == ProposalState.Open && state.Body.Rounds > 0
            ? (state with { State = ProposalState.Deliberating }, null)
            : RecordFold.Wrong(state, payload);

    internal static (RecordState?, Refusal?) Argue(RecordState state, SealedArgument argument, DateTimeOffset at, bool proofs)
    {
        if (state.State != ProposalState.Deliberating)
            return RecordFold.Wrong(state, new ArgumentSealed(argument));
        if (at >= state.Body.ArgueBy)
            return (null, RecordFold.No(RefusalCode.Late, "the argument came after the round"));
        if (!state.Roster.TryGetValue(argument.Agent, out RosterEntry? voter))
            return (null, RecordFold.No(RefusalCode.NotOnRoster, "the agent is not on the roster"));
        if (state.SealedArguments.ContainsKey(argument.Agent))
            return (null, RecordFold.No(RefusalCode.Equivocation, "the agent has argued already"));
        if (argument.Sealed.Length != SealedArgument.SealedSize)
            return (null, RecordFold.No(RefusalCode.ProofInvalid, $"a sealed argument has {SealedArgument.SealedSize} bytes"));
        if (proofs && !argument.IsSigned(state, voter))
            return (null, RecordFold.No(RefusalCode.SignatureInvalid, "the argument is not signed by the agent"));
        return (state with { SealedArguments = state.SealedArguments.Add(argument.Agent, argument) }, null);
    }

    internal static (RecordState?, Refusal?) Show(RecordState state, ArgumentsOpened payload, DateTimeOffset at)
    {
        if (state.State != ProposalState.Deliberating)
            return RecordFold.Wrong(state, payload);
        if (state.SealedArguments.Count < state.Roster.Count && at < state.Body.ArgueBy)
            return No("neither has everybody argued nor has the time come");
        if (payload.Arguments.Count != state.ArgumentsToShow)
            return No($"{payload.Arguments.Count} arguments are shown instead of {state.ArgumentsToShow}");
        if (!payload.Arguments.All(one => one.IsGood()))
            return No("an argument is longer than arguments are");
        if (!payload.Arguments.SequenceEqual(Argument.InOrder(payload.Arguments)))
            return No("the arguments do not stand in the order that follows from their salts");
        return (state with { State = ProposalState.Voting, Arguments = [.. payload.Arguments] }, null);
    }

    private static (RecordState?, Refusal?) No(string message) => (null, RecordFold.No(RefusalCode.Contradiction, message));
}

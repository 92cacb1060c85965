namespace Witan.Voting;

/// <summary>What the keeper of a record does with a sealed argument that came in; both null where it has these bytes already.</summary>
/// <param name="Event">New and good: append it, make it durable, then answer.</param>
/// <param name="Refusal">Why it is not taken.</param>
public sealed record ArgumentVerdict(ArgumentSealed? Event, Refusal? Refusal);

/// <summary>Judges incoming arguments: pure, so that a retry, a double execution and a crash all come out the same.</summary>
public static class ArgumentIntake
{
    /// <summary>
    /// Judges an argument. <paramref name="now"/> is the server's clock; <paramref name="attested"/> whether the agent's attestation is
    /// valid now; <paramref name="opens"/> whether it opens to the form of one, so that nothing in the record stops the round.
    /// </summary>
    public static ArgumentVerdict Judge(RecordState state, SealedArgument argument, DateTimeOffset now, bool attested, bool opens)
    {
        if (!state.Roster.ContainsKey(argument.Agent))
            return No(RefusalCode.NotOnRoster, "the agent is not on the roster");
        if (state.SealedArguments.TryGetValue(argument.Agent, out SealedArgument? first))
        {
            return first.IsSame(argument)
                ? new ArgumentVerdict(null, null)
                : No(RefusalCode.Equivocation, "the record holds another argument of yours; the first counts");
        }

        if (state.State != ProposalState.Deliberating)
        {
            return state.State is ProposalState.Draft or ProposalState.Open || state.Body.Rounds == 0
                ? No(RefusalCode.WrongState, $"arguments are not taken in state {state.State}")
                : No(RefusalCode.Late, "the proposal takes no arguments any more");
        }

        if (now >= state.Body.ArgueBy)
            return No(RefusalCode.Late, "the argument came after the round");
        if (!opens)
            return No(RefusalCode.ProofInvalid, "the argument does not open to the form of one");
        return attested
            ? new ArgumentVerdict(new ArgumentSealed(argument), null)
            : No(RefusalCode.AttestationExpired, "the agent's attestation has expired: attest again, then argue again");
    }

    private static ArgumentVerdict No(RefusalCode code, string message) => new(null, new Refusal(code, message));
}

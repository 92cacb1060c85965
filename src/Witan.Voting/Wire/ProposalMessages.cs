namespace Witan.Voting.Wire;

/// <summary>
/// Asks for a decision. What is left null comes from the coordinator's policy; what is given may only be stricter. Times are
/// lengths in milliseconds from creation: the coordinator's clock makes them absolute.
/// </summary>
/// <param name="Title">One line.</param>
/// <param name="Text">The whole question.</param>
/// <param name="Facts">Facts that a deliberator may rely on.</param>
/// <param name="Options">Options without the abstention, which is added as the last.</param>
/// <param name="Nonce">32 random bytes of the requester; sending the same request again gives the same proposal.</param>
/// <param name="MinimumTurnout">Fewest ballots; null for the policy's.</param>
/// <param name="PassNumerator">Numerator of the pass rule; null for the policy's.</param>
/// <param name="PassDenominator">Denominator of the pass rule; null for the policy's.</param>
/// <param name="VotingMilliseconds">How long ballots are taken; null for the policy's.</param>
public sealed record ProposalRequest(
    string Title,
    string Text,
    IReadOnlyList<ProposalFact> Facts,
    IReadOnlyList<string> Options,
    Digest Nonce,
    int? MinimumTurnout,
    int? PassNumerator,
    int? PassDenominator,
    long? VotingMilliseconds);

/// <summary>A proposal in a list. Nothing in it is private, and no count is in it before the decision.</summary>
/// <param name="Id">The proposal's id.</param>
/// <param name="Title">Its title.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Decision">How it was decided; null where it was not.</param>
/// <param name="Winner">Name of the option that won; null where none did.</param>
/// <param name="Counts">Votes by option; empty where nothing was opened.</param>
/// <param name="Roster">How many may vote; 0 until the roster is frozen.</param>
/// <param name="Cast">How many have cast.</param>
/// <param name="CloseAt">When it closes.</param>
/// <param name="Size">How many events its record has.</param>
/// <param name="Waiting">What it waits for, one sentence; empty where nothing is awaited.</param>
public sealed record ProposalSummary(
    Digest Id,
    string Title,
    ProposalState State,
    Decision? Decision,
    string? Winner,
    IReadOnlyList<long> Counts,
    int Roster,
    int Cast,
    DateTimeOffset CloseAt,
    long Size,
    string Waiting)
{
    /// <summary>The summary of a state. <paramref name="waiting"/> says what is awaited.</summary>
    public static ProposalSummary Of(RecordState state, string waiting) => new(
        state.ProposalId,
        state.Body.Title,
        state.State,
        state.Outcome?.Decision,
        state.Outcome?.Winner is { } winner ? state.Body.Options[winner] : null,
        state.Counts,
        state.Roster.Count,
        state.Ballots.Count,
        state.Body.CloseAt,
        state.Size,
        waiting);
}

/// <summary>Many proposals, with the server's mark.</summary>
/// <param name="Mark">What every output of the mode says; empty in production.</param>
/// <param name="Proposals">Newest first.</param>
public sealed record ProposalPage(string Mark, IReadOnlyList<ProposalSummary> Proposals);

/// <summary>A part of a record.</summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="Events">Events in order, from the sequence number asked for.</param>
/// <param name="Checkpoint">The whole record's size and head, signed.</param>
public sealed record RecordPage(Digest Proposal, IReadOnlyList<RecordEvent> Events, Checkpoint Checkpoint);

namespace Witan.Voting;

/// <summary>
/// Asks a trustee to open the sum of a closed record; the trustee replays the record and decides by itself. What the sum is follows from the record alone.
/// </summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="ClosedHead">Hash of the event that closed the record.</param>
public sealed record DecryptionRequest(Digest Proposal, Digest ClosedHead);

namespace Witan.Voting;

/// <summary>Asks a trustee to open the sum of a closed record; the trustee replays the record and decides by itself.</summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="ClosedHead">Hash of the event that closed the record.</param>
/// <param name="Sums">Hash over the encrypted sums: <see cref="Decryption.Hash"/>.</param>
public sealed record DecryptionRequest(Digest Proposal, Digest ClosedHead, Digest Sums);

using System.Text.Json.Serialization;

namespace Witan.Voting.Wire;

/// <summary>
/// What a trustee tells the coordinator. All but the sealed shares become events of the record as they are; the shares are
/// handed on to their receivers.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(CommitmentMessage), "commitment")]
[JsonDerivedType(typeof(ContributionMessage), "contribution")]
[JsonDerivedType(typeof(SharesMessage), "shares")]
[JsonDerivedType(typeof(VerdictMessage), "verdict")]
[JsonDerivedType(typeof(DisclosureMessage), "disclosure")]
[JsonDerivedType(typeof(PartialMessage), "partial")]
public abstract record TrusteeMessage
{
    private protected TrusteeMessage()
    {
    }
}

/// <summary>Step 1: the hash of the contribution.</summary>
public sealed record CommitmentMessage(ContributionCommitment Commitment) : TrusteeMessage;

/// <summary>Step 2, once everybody has committed: the contribution.</summary>
public sealed record ContributionMessage(KeyContribution Contribution) : TrusteeMessage;

/// <summary>Step 3, once everybody has contributed: one sealed share for each other trustee.</summary>
public sealed record SharesMessage(IReadOnlyList<SealedShare> Shares) : TrusteeMessage;

/// <summary>Step 4, once all shares are in or overdue: whose were wrong or missing.</summary>
public sealed record VerdictMessage(ShareVerdict Verdict) : TrusteeMessage;

/// <summary>Step 5, only after a complaint: the share in clear.</summary>
public sealed record DisclosureMessage(ShareDisclosure Disclosure) : TrusteeMessage;

/// <summary>After the close: this trustee's part of the decryption.</summary>
public sealed record PartialMessage(PartialDecryption Partial) : TrusteeMessage;

/// <summary>The sealed shares that lie ready for a trustee.</summary>
/// <param name="Shares">As their senders gave them.</param>
public sealed record SharesPage(IReadOnlyList<SealedShare> Shares);

/// <summary>Asks a trustee to open the sum of a closed record; the trustee replays the record and decides by itself.</summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="ClosedHead">Hash of the event that closed the record.</param>
/// <param name="Sums">Hash over the encrypted sums: <see cref="Decryption.Hash"/>.</param>
public sealed record DecryptionRequest(Digest Proposal, Digest ClosedHead, Digest Sums);

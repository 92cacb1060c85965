namespace Witan.Voting;

/// <summary>Every domain tag of the product in one place. No two purposes share one, and a change of meaning is a new version.</summary>
public static class DomainTags
{
    /// <summary>Identity of an agent: H of its public keys.</summary>
    public const string Agent = "witan/agent/v1";

    /// <summary>Identity of a proposal: H of its body.</summary>
    public const string Proposal = "witan/proposal/v1";

    /// <summary>What a ballot is bound to besides the roster.</summary>
    public const string Configuration = "witan/configuration/v1";

    /// <summary>The frozen list of voters.</summary>
    public const string Roster = "witan/roster/v1";

    /// <summary>The voting slot of one agent in one proposal.</summary>
    public const string Nullifier = "witan/nullifier/v1";

    /// <summary>Identity of a ballot.</summary>
    public const string Ballot = "witan/ballot/v1";

    /// <summary>Challenge of the proof that a ciphertext holds 0 or 1.</summary>
    public const string OptionProof = "witan/proof/option/v1";

    /// <summary>Challenge of the proof that exactly one option is chosen.</summary>
    public const string SumProof = "witan/proof/sum/v1";

    /// <summary>Challenge of a trustee's proof that it knows its secret.</summary>
    public const string PossessionProof = "witan/proof/possession/v1";

    /// <summary>Nonce of a trustee's proof that it knows its secret: derived, and never published.</summary>
    public const string PossessionNonce = "witan/proof/possession/nonce/v1";

    /// <summary>Challenge of the proof of a partial decryption.</summary>
    public const string DecryptionProof = "witan/proof/decryption/v1";

    /// <summary>What a key generation is bound to.</summary>
    public const string KeyGeneration = "witan/keygen/v1";

    /// <summary>Hash and signature of a trustee's contribution to the key.</summary>
    public const string Contribution = "witan/keygen/contribution/v1";

    /// <summary>Sealing of one share.</summary>
    public const string Share = "witan/keygen/share/v1";

    /// <summary>A trustee's word that its shares are right.</summary>
    public const string Confirmation = "witan/keygen/confirmation/v1";

    /// <summary>A trustee's word that a share was wrong or missing, and the answer to it.</summary>
    public const string Complaint = "witan/keygen/complaint/v1";

    /// <summary>A trustee's signature over its part of a decryption.</summary>
    public const string PartialDecryption = "witan/decryption/v1";

    /// <summary>Hash chain and signature of the record.</summary>
    public const string Event = "witan/event/v1";

    /// <summary>A receipt for a ballot.</summary>
    public const string Receipt = "witan/receipt/v1";

    /// <summary>A signed refusal.</summary>
    public const string Refusal = "witan/refusal/v1";

    /// <summary>Signed head and size of a record.</summary>
    public const string Checkpoint = "witan/checkpoint/v1";

    /// <summary>The 64 bytes that evidence is bound by.</summary>
    public const string ReportData = "witan/report-data/v1";

    /// <summary>A server's one-use nonce.</summary>
    public const string Nonce = "witan/nonce/v1";

    /// <summary>An agent's signature over an HTTP request.</summary>
    public const string Request = "witan/request/v1";

    /// <summary>Identity of the encrypted sums of a closed record.</summary>
    public const string Sums = "witan/sums/v1";

    /// <summary>Identity of a question without its rules and times.</summary>
    public const string Question = "witan/question/v1";

    /// <summary>Context, slot and ciphertexts of one ballot: the beginning of each of its challenges.</summary>
    public const string BallotStatement = "witan/proof/statement/v1";

    /// <summary>An agent's signature over its ballot.</summary>
    public const string BallotSignature = "witan/ballot/signature/v1";

    /// <summary>A trustee's signature over a sealed share.</summary>
    public const string ShareSignature = "witan/keygen/share/signature/v1";

    /// <summary>Identity of a council's policy: H of its content.</summary>
    public const string Policy = "witan/policy/v1";

    /// <summary>A requester's order to a coordinator.</summary>
    public const string RequesterOrder = "witan/requester-order/v1";

    /// <summary>A requester's order to revoke a measurement, a platform or an agent.</summary>
    public const string Revocation = "witan/revocation/v1";

    /// <summary>Identity of published evidence: H of its content.</summary>
    public const string Evidence = "witan/evidence/v1";

    /// <summary>An agent's signature over its request to be admitted: possession of the signing key.</summary>
    public const string Admission = "witan/admission/v1";

    /// <summary>What a worker keeps of its reasons, hashed into the ballot.</summary>
    public const string Deliberation = "witan/deliberation/v1";

    /// <summary>Sealing of one voter's argument.</summary>
    public const string Argument = "witan/argument/v1";

    /// <summary>A voter's signature over its sealed argument.</summary>
    public const string ArgumentSignature = "witan/argument/signature/v1";

    /// <summary>The order in which arguments are shown.</summary>
    public const string ArgumentOrder = "witan/argument/order/v1";

    /// <summary>A coordinator's word to a settlement target.</summary>
    public const string Settlement = "witan/settlement/v1";

    /// <summary>An admission as a coordinator stores it.</summary>
    public const string Enrolment = "witan/enrolment/v1";

    /// <summary>A coordinator's word to another one of the same store on how far a record is.</summary>
    public const string Vouch = "witan/vouch/v1";

    /// <summary>A revocation as a coordinator stores it.</summary>
    public const string RevocationSeal = "witan/revocation-seal/v1";
}

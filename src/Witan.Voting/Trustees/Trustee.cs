using Witan.Crypto;

namespace Witan.Voting;

/// <summary>One enrolled trustee.</summary>
/// <param name="Index">1 to n; where its share lies on the polynomial.</param>
/// <param name="Keys">Its public keys.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 where there is no evidence (LOCAL_MODE).</param>
/// <param name="Evidence">SHA-256 of the evidence it was enrolled on; zero where there is none.</param>
public sealed record Trustee(int Index, AgentKeys Keys, int ConfidenceLevel, Digest Evidence);

/// <summary>
/// What a key generation is bound to: every message of it carries this context, so none can be moved to another proposal or
/// another set of trustees.
/// </summary>
public sealed record KeyGenerationContext(string Target, Digest Proposal, Digest Policy, int Threshold, IReadOnlyList<Trustee> Trustees)
{
    /// <summary>A writer that holds the context.</summary>
    internal CanonicalWriter Begin(string tag) => new CanonicalWriter(tag)
        .Text("P-256").Point(P256Point.Generator)
        .Text(Target).Bytes(Proposal.Bytes).Bytes(Policy.Bytes).Number(Threshold)
        .List(Trustees, (writer, trustee) => writer
            .Number(trustee.Index).Bytes(trustee.Keys.Signing.Bytes).Point(trustee.Keys.Encryption)
            .Number(trustee.ConfidenceLevel).Bytes(trustee.Evidence.Bytes));

    /// <summary>The trustee with an index, or null.</summary>
    public Trustee? Find(int index) => index >= 1 && index <= Trustees.Count ? Trustees[index - 1] : null;
}

/// <summary>The hash of a contribution, published before any contribution is, so that the last to speak cannot bias the key.</summary>
/// <param name="Index">Whose.</param>
/// <param name="Hash">Hash of the contribution.</param>
/// <param name="Signature">The trustee's Ed25519 signature, 64 bytes.</param>
public sealed record ContributionCommitment(int Index, Digest Hash, byte[] Signature);

/// <summary>A trustee's part of the joint key: commitments to its polynomial, and the proof that it knows the constant term.</summary>
/// <param name="Index">Whose.</param>
/// <param name="Coefficients">F_k = a_k·G for k = 0 … t-1.</param>
/// <param name="PossessionChallenge">Challenge of the Schnorr proof of a_0.</param>
/// <param name="PossessionResponse">Its response.</param>
/// <param name="Signature">The trustee's Ed25519 signature, 64 bytes.</param>
public sealed record KeyContribution(
    int Index, IReadOnlyList<P256Point> Coefficients, P256Scalar PossessionChallenge, P256Scalar PossessionResponse, byte[] Signature)
{
    /// <summary>What was committed to.</summary>
    public Digest Hash(KeyGenerationContext context) => Write(context).Hash();

    internal byte[] SignedBytes(KeyGenerationContext context) => Write(context).ToBytes();

    private CanonicalWriter Write(KeyGenerationContext context) => context.Begin(DomainTags.Contribution)
        .Number(Index).List(Coefficients, (writer, point) => writer.Point(point))
        .Scalar(PossessionChallenge).Scalar(PossessionResponse);
}

/// <summary>One share, sealed to its receiver's attested key. Not part of the record.</summary>
/// <param name="From">Index of the sender.</param>
/// <param name="To">Index of the receiver.</param>
/// <param name="Sealed">HPKE, see <see cref="Hpke"/>.</param>
/// <param name="Signature">The sender's Ed25519 signature, 64 bytes.</param>
public sealed record SealedShare(int From, int To, byte[] Sealed, byte[] Signature);

/// <summary>A trustee's word on the shares it got: all right, or the indices of those whose share was wrong or missing.</summary>
/// <param name="Index">Whose word.</param>
/// <param name="Against">Indices of the senders complained about, ascending; empty where all is right.</param>
/// <param name="Signature">The trustee's Ed25519 signature, 64 bytes.</param>
public sealed record ShareVerdict(int Index, IReadOnlyList<int> Against, byte[] Signature)
{
    internal byte[] SignedBytes(KeyGenerationContext context) => context.Begin(DomainTags.Confirmation)
        .Number(Index).List(Against, (writer, index) => writer.Number(index)).ToBytes();
}

/// <summary>The answer to a complaint: the share in clear, for anyone to check.</summary>
/// <param name="From">Index of the sender who answers.</param>
/// <param name="To">Index of the trustee who complained.</param>
/// <param name="Share">f_From(To).</param>
/// <param name="Signature">The sender's Ed25519 signature, 64 bytes.</param>
public sealed record ShareDisclosure(int From, int To, P256Scalar Share, byte[] Signature)
{
    internal byte[] SignedBytes(KeyGenerationContext context) => context.Begin(DomainTags.Complaint)
        .Number(From).Number(To).Scalar(Share).ToBytes();
}

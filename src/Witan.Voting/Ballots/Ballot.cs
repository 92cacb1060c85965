using Witan.Crypto;

namespace Witan.Voting;

/// <summary>An encryption of 0 or 1 for one option, with the proof that it is one of the two.</summary>
/// <param name="A">r·G.</param>
/// <param name="B">r·K + v·G.</param>
/// <param name="Challenge0">Challenge of the branch "holds 0".</param>
/// <param name="Challenge1">Challenge of the branch "holds 1".</param>
/// <param name="Response0">Response of the branch "holds 0".</param>
/// <param name="Response1">Response of the branch "holds 1".</param>
public sealed record OptionCiphertext(
    P256Point A, P256Point B, P256Scalar Challenge0, P256Scalar Challenge1, P256Scalar Response0, P256Scalar Response1);

/// <summary>
/// One encrypted, proven and signed vote. Its size depends on the number of options alone.
/// </summary>
/// <param name="Agent">The voter.</param>
/// <param name="Nullifier">The slot: <see cref="Roster.Nullifier"/>.</param>
/// <param name="Options">A ciphertext for each option, in ballot order.</param>
/// <param name="SumChallenge">Challenge of the proof that exactly one option is chosen.</param>
/// <param name="SumResponse">Its response.</param>
/// <param name="Deliberation">Hash over the worker's sealed reasons and model evidence.</param>
/// <param name="Signature">The agent's Ed25519 signature, 64 bytes.</param>
public sealed record Ballot(
    Digest Agent,
    Digest Nullifier,
    IReadOnlyList<OptionCiphertext> Options,
    P256Scalar SumChallenge,
    P256Scalar SumResponse,
    Digest Deliberation,
    byte[] Signature)
{
    /// <summary>Identity of the ballot: a hash over everything in it, the signature included.</summary>
    public Digest Hash() => Write(new CanonicalWriter(DomainTags.Ballot)).Bytes(Signature).Hash();

    /// <summary>What the agent signs.</summary>
    internal byte[] SignedBytes(BallotContext context) => Write(context.Begin(DomainTags.BallotSignature)).ToBytes();

    internal CanonicalWriter Write(CanonicalWriter writer) => writer
        .Bytes(Agent.Bytes).Bytes(Nullifier.Bytes)
        .List(Options, (to, option) => to
            .Point(option.A).Point(option.B)
            .Scalar(option.Challenge0).Scalar(option.Challenge1).Scalar(option.Response0).Scalar(option.Response1))
        .Scalar(SumChallenge).Scalar(SumResponse)
        .Bytes(Deliberation.Bytes);
}

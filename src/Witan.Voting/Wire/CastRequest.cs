using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// A ballot as it is sent: its own members, and beside them, signed by nobody, the optional hint by which a coordinator checks many
/// ballots together. What is hashed, signed, recorded and audited is the ballot alone; a ballot without the hint is as good.
/// </summary>
/// <param name="Agent">The voter.</param>
/// <param name="Nullifier">The slot: <see cref="Roster.Nullifier"/>.</param>
/// <param name="Options">A ciphertext for each option, in ballot order.</param>
/// <param name="SumChallenge">Challenge of the proof that exactly one option is chosen.</param>
/// <param name="SumResponse">Its response.</param>
/// <param name="Deliberation">Hash over the worker's sealed reasons and model evidence.</param>
/// <param name="Signature">The agent's Ed25519 signature, 64 bytes.</param>
public sealed record CastRequest(
    Digest Agent,
    Digest Nullifier,
    IReadOnlyList<OptionCiphertext> Options,
    P256Scalar SumChallenge,
    P256Scalar SumResponse,
    Digest Deliberation,
    byte[] Signature)
{
    /// <summary><see cref="BallotCommitments.Points"/>; null for none. Never believed: wrong ones cost time and decide nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Commitments { get; init; }

    /// <summary>The ballot.</summary>
    [JsonIgnore]
    public Ballot Ballot => new(Agent, Nullifier, Options, SumChallenge, SumResponse, Deliberation, Signature);

    /// <summary>The hint.</summary>
    [JsonIgnore]
    public BallotCommitments Hint => Commitments is null ? BallotCommitments.None : new BallotCommitments(Commitments);

    /// <summary>A ballot with its hint.</summary>
    public static CastRequest Of(Ballot ballot, BallotCommitments hint) => new(
        ballot.Agent, ballot.Nullifier, ballot.Options, ballot.SumChallenge, ballot.SumResponse, ballot.Deliberation, ballot.Signature)
    {
        Commitments = hint.Points.Length == 0 ? null : hint.Points,
    };
}

using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Appending is making the next event and applying it: nothing is let through that would be refused in the record.</summary>
public class RecordAppendTests
{
    [Fact]
    public void What_is_appended_is_what_a_replay_takes_and_what_is_refused_there_is_refused_here()
    {
        byte[] seed = new byte[32];
        using var signer = new Ed25519Signer(seed);
        using var other = new Ed25519Signer([.. seed[..31], 1]);
        Assert.Equal(Ed25519.PublicKey(seed), signer.PublicKey.ToArray());
        Assert.Equal(Ed25519.Sign(seed, "witan"u8), signer.Sign("witan"u8));
        Council council = new(3);
        var opening = new ProposalOpened(council.Body, ExecutionMode.Local, "local-record", "phala", Digest.Zero, new Digest(signer.PublicKey.Span));
        RecordState state = RecordFold.Append(null, council.Now, opening, signer, ProofChecks.All, out RecordEvent? first, out _)!;
        Assert.Equal(state.Head, RecordFold.Apply(null, first!, ProofChecks.All, out _)!.Head);
        RecordState? enrolled = RecordFold.Append(state, council.Now, new TrusteesEnrolled(council.Enrolled), signer, ProofChecks.All, out RecordEvent? second, out _);
        Assert.Equal(enrolled!.Head, RecordFold.Apply(state, second!, ProofChecks.All, out _)!.Head);

        (RecordPayload Payload, DateTimeOffset At, Ed25519Signer By)[] wrong =
        [
            (new TrusteesEnrolled(council.Enrolled), council.Now, other),
            (new TrusteesEnrolled(council.Enrolled), council.Now.AddSeconds(-1), signer),
            (new VotingOpened(), council.Now, signer),
        ];
        foreach ((RecordPayload payload, DateTimeOffset at, Ed25519Signer by) in wrong)
        {
            Assert.Null(RecordFold.Append(state, at, payload, by, ProofChecks.All, out RecordEvent? none, out Refusal? here));
            Assert.Null(none);
            RecordEvent next = by == signer
                ? RecordEvent.Next(state.Size, state.Head, at, payload, seed)
                : RecordEvent.Next(state.Size, state.Head, at, payload, [.. seed[..31], 1]);
            Assert.Null(RecordFold.Apply(state, next, ProofChecks.All, out Refusal? there));
            Assert.Equal(there!.Code, here!.Code);
        }

        Assert.Null(RecordFold.Append(null, council.Now, opening, other, ProofChecks.All, out _, out _));
        Assert.Throws<ArgumentException>(() => new Ed25519Signer(new byte[31]));
    }
}

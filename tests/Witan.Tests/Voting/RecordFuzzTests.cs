using System.Text.Json;
using Witan.Fuzz.Records;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>The short version of <c>eng/fuzz-record.sh</c>; a failing seed can be given to it.</summary>
public class RecordFuzzTests
{
    [Fact]
    public void Changed_records_are_refused_or_claim_the_same()
    {
        var council = new Council(2, 1, 1);
        byte[] file = DecisionFile.Of(council.Decide(0, 1), council.Events).ToBytes();
        string claims = RecordFuzz.Claims(file)!;
        Parallel.For(0, 3000, seed =>
        {
            string? now = RecordFuzz.Claims(new RecordMutator((ulong)seed).Mutate(file));
            Assert.True(now is null || now == claims, $"seed {seed}");
        });
    }

    [Fact]
    public void Changed_ballots_are_refused_or_are_the_same_ballot()
    {
        var council = new Council(3);
        council.OpenVoting();
        Ballot ballot = council.Ballot(0, 0);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot);
        int read = 0;
        Parallel.For(0, 20_000, seed =>
        {
            byte[] changed = new RecordMutator((ulong)seed).Mutate(json);
            if (!StrictJson.TryRead(changed, WireJson.Default.Ballot, out Ballot? other, out _))
                return;
            Interlocked.Increment(ref read);
            if (BallotIntake.Judge(council.State, other, council.Now, attested: true) is BallotVerdict.Append)
                Assert.Equal(ballot.Hash(), other.Hash());
        });
        Assert.True(read > 100, $"only {read} could be read at all");
    }
}

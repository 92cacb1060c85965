using Witan.Fuzz.Records;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>The short version of <c>eng/fuzz-record.sh</c>; a failing seed can be given to it.</summary>
public class RecordFuzzTests
{
    private readonly RecordFuzz _fuzz = new();

    [Fact]
    public void Changed_records_are_refused_or_claim_the_same() => Run(3000, _fuzz.RunFile, atLeast: 10);

    [Fact]
    public void Changed_ballots_are_refused_or_are_the_same_ballot() => Run(20_000, _fuzz.RunBallot, atLeast: 100);

    [Fact]
    public void Records_changed_by_their_coordinator_and_signed_anew_are_refused_or_claim_the_same() => Run(4000, _fuzz.RunSignedAnew, atLeast: 10);

    // Some must be taken: otherwise nothing got as far as the checks.
    private static void Run(int count, Func<ulong, FuzzOutcome> run, int atLeast)
    {
        int same = 0;
        Parallel.For(0, count, seed =>
        {
            FuzzOutcome outcome = run((ulong)seed);
            Assert.True(outcome != FuzzOutcome.Changed, $"seed {seed}");
            if (outcome == FuzzOutcome.Same)
                Interlocked.Increment(ref same);
        });
        Assert.True(same >= atLeast, $"only {same} were taken at all");
    }
}

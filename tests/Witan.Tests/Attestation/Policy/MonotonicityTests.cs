using FsCheck;
using FsCheck.Fluent;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Policy;

/// <summary>Worsening a fact never improves a result, over random facts, random policies and every dimension.</summary>
public class MonotonicityTests
{
    [Fact]
    public void Worsening_a_fact_never_improves_outcome_level_or_tier()
    {
        Gen<int[]> choices = Gen.Choose(0, 999).ArrayOf(40);
        Prop.ForAll(Arb.From(choices), Arb.From(Gen.Choose(0, RandomFacts.Dimensions - 1)), (draws, dimension) =>
        {
            AppraisalPolicy policy = RandomFacts.Policy(draws);
            RandomFacts better = RandomFacts.Of(draws), worse = better.Worsen(dimension, draws[39]);
            Verdict a = Appraiser.Appraise(better.Build(), policy), b = Appraiser.Appraise(worse.Build(), policy);
            // What is unknown is not accepted, and not a rejection either.
            bool unknown = worse.Authenticity != better.Authenticity;
            Assert.True(Outcome(b, unknown) >= Outcome(a, unknown), $"outcome {a.Outcome} became {b.Outcome} by {RandomFacts.NameOf(dimension)} under {policy}");
            Assert.True(Rank(b.ConfidenceLevel) >= Rank(a.ConfidenceLevel), $"level {a.ConfidenceLevel} became {b.ConfidenceLevel} by {RandomFacts.NameOf(dimension)} under {policy}");
            Assert.True(Rank(b.EffectiveTier) >= Rank(a.EffectiveTier), $"tier {a.EffectiveTier} became {b.EffectiveTier} by {RandomFacts.NameOf(dimension)} under {policy}");
            Assert.True(Rank(a.EffectiveTier) >= Rank(a.ConfidenceLevel), "the effective tier is better than the level");
            Assert.True(b.Provenance.Level <= a.Provenance.Level);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(4000).WithReplay(1911, 7321));
    }

    [Fact]
    public void Every_dimension_matters_to_some_verdict()
    {
        // A dimension that never changes anything would make the property above an empty one.
        var changed = new HashSet<int>();
        for (int seed = 0; seed < 3000 && changed.Count < RandomFacts.Dimensions; seed++)
        {
            int[] draws = [.. Enumerable.Range(0, 40).Select(i => Scramble(seed * 40 + i))];
            AppraisalPolicy policy = RandomFacts.Policy(draws);
            RandomFacts facts = RandomFacts.Of(draws);
            string before = Text(Appraiser.Appraise(facts.Build(), policy));
            for (int dimension = 0; dimension < RandomFacts.Dimensions; dimension++)
            {
                if (Text(Appraiser.Appraise(facts.Worsen(dimension, draws[39]).Build(), policy)) != before)
                    changed.Add(dimension);
            }
        }

        Assert.Equal([], Enumerable.Range(0, RandomFacts.Dimensions).Except(changed).Select(RandomFacts.NameOf));
    }

    [Fact]
    public void The_published_table_itself_is_not_monotonic_and_only_where_it_has_no_row()
    {
        // Read literally, the table has no row for its first two statuses with an advisory, but rows for worse statuses.
        TcbStatus[] order = RandomFacts.Statuses;
        string[][] advisories = [[], ["INTEL-SA-00334"], ["INTEL-SA-00334", "INTEL-SA-99999"]];
        var broken = new HashSet<string>(StringComparer.Ordinal);
        foreach (string[] ids in advisories)
        {
            for (int i = 0; i < order.Length; i++)
            {
                for (int j = i + 1; j < order.Length; j++)
                {
                    if (Rank(ConfidenceLevels.Compute(LevelRule.PhalaDocs, order[j], ids).Level) < Rank(ConfidenceLevels.Compute(LevelRule.PhalaDocs, order[i], ids).Level))
                        broken.Add($"{order[i]} {ids.Length > 0}");
                }
            }
        }

        Assert.Equal(["SWHardeningNeeded True", "UpToDate True"], broken.Order(StringComparer.Ordinal));
    }

    private static int Scramble(int value)
    {
        uint x = unchecked((uint)value * 2654435761u);
        x ^= x >> 15;
        return (int)(unchecked(x * 2246822519u) >> 8) % 1000;
    }

    private static string Text(Verdict verdict) =>
        $"{verdict.Outcome} {verdict.ConfidenceLevel} {verdict.EffectiveTier} {verdict.Provenance} {string.Join(',', verdict.Findings.Select(finding => finding.Code))}";

    private static int Rank(int? level) => level ?? 6;

    private static int Outcome(Verdict verdict, bool unknown) => verdict.Outcome switch
    {
        AppraisalOutcome.Accepted => 0,
        AppraisalOutcome.Undecided => 1,
        _ => unknown ? 1 : 2,
    };
}

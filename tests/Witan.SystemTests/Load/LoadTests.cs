using System.Globalization;
using Witan.Faults.Servers;
using Witan.Load;
using Xunit;

namespace Witan.SystemTests.Load;

/// <summary>Short versions of the commands under <c>eng/</c>. What must hold is asserted; times are only reported.</summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Two_hundred_workers_attest_vote_and_are_audited_beside_other_proposals()
    {
        // The run itself throws where a worker is not admitted, a receipt is missing, or the decision does not hold.
        Dictionary<string, object> results = await LoadRun.RunAsync(new LoadShape(Workers: 200, Proposals: 20, InFlight: 32), TextWriter.Null);
        Report(results);
        Assert.InRange(Convert.ToDouble(results["coordinatorPeakMebibytes"], CultureInfo.InvariantCulture), 1, 1024);
    }

    [Fact]
    public async Task Two_coordinators_on_one_database_take_the_ballots_of_a_hundred_workers()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        await using PostgresServer server = await PostgresServer.StartAsync();
        Dictionary<string, object> results = await LoadRun.RunAsync(
            new LoadShape(Workers: 100, InFlight: 32, Store: await server.CreateDatabaseAsync(), Coordinators: 2), TextWriter.Null);
        Report(results);
        Assert.InRange(Convert.ToDouble(results["coordinatorPeakMebibytes"], CultureInfo.InvariantCulture), 1, 1024);
    }

    [Fact]
    public async Task Good_clients_are_served_beside_slow_connections_and_unfinished_admissions()
    {
        // The run itself throws where a good client is refused.
        Dictionary<string, object> results = await AbuseRun.RunAsync(connections: 300, flood: 200, seconds: 2, TextWriter.Null);
        Report(results);
        Assert.True((int)results["connectionsOpened"] >= 300);
        Assert.True((int)results["goodRequests"] > 0);
        Assert.InRange(Convert.ToDouble(results["mebibytesEnd"], CultureInfo.InvariantCulture), 1, 512);
    }

    [Fact]
    public void A_ballot_for_yes_is_as_long_as_one_for_no()
    {
        Dictionary<string, object> results = PrivacyRun.Run(200, TextWriter.Null);
        Report(results);
        Assert.True((bool)results["sameLengths"]);
    }

    [Fact]
    public void The_test_of_distributions_tells_different_ones_apart()
    {
        double[] first = [.. Enumerable.Range(0, 1000).Select(i => (double)i)];
        Assert.Equal((0, 1), PrivacyRun.Compare(first, [.. first]));
        (double distance, double chance) = PrivacyRun.Compare(first, [.. first.Select(value => value + 100)]);
        Assert.Equal(0.1, distance, 3);
        Assert.InRange(chance, 0, 0.001);
    }

    private void Report(Dictionary<string, object> results)
    {
        foreach ((string name, object value) in results)
            output.WriteLine($"{name} {value}");
    }
}

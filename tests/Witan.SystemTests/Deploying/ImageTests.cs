using System.Globalization;
using Witan.Faults.Containers;
using Witan.Faults.Runs;
using Witan.SystemTests.Faults;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Deploying;

/// <summary>The short version of <c>eng/images-council.sh --kill</c>: the same code, one decision in which every container is killed.</summary>
[Collection(FaultTests.Name)]
public sealed class ImageTests
{
    [Fact]
    public async Task The_built_images_decide_and_refuse_and_come_back_however_they_are_killed()
    {
        string? missing = ContainerImage.Missing(SharedData.Repository);
        Assert.SkipUnless(missing is null, missing ?? "");
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        await using ImageCouncil council = await ImageCouncil.StartAsync(SharedData.Repository, log, cancel);
        await council.RefuseAsync(cancel);
        await council.KillInTurnAsync(0, cancel);
        ImageReport report = await council.ReportAsync(cancel);
        Assert.True(report is { Decisions: 1, Kills: 7, Acknowledged: 3, Lost: 0, Doubled: 0, Wrong: 0 } && report.Restarts >= 7, $"{report}\n{log}");
    }

    [Fact]
    public void A_config_is_not_mounted_as_no_engine_does_it()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("witan-config-").FullName, "worker.yml");
        string shipped = File.ReadAllText(Path.Combine(SharedData.Repository, "deploy", "worker.yml"));
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["WITAN_COORDINATOR"] = "c",
            ["WITAN_COLLATERAL_JSON"] = "{}",
            ["WITAN_PROFILE_JSON"] = "{}",
        };
        File.WriteAllText(file, shipped.Replace("\"name\": \"worker\"", "\"name\": \"$$5\"", StringComparison.Ordinal));
        Assert.Contains("\"name\": \"$5\"", ComposeService.Read(file, variables).Environment["WITAN_POLICY"], StringComparison.Ordinal);
        File.WriteAllText(file, shipped.Replace("    read_only: true\n", "    read_only: true\n    configs: [policy]\n", StringComparison.Ordinal));
        Assert.Contains("what configs means", Assert.Throws<InvalidDataException>(() => ComposeService.Read(file, variables)).Message, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }
}

using System.Diagnostics;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Cloud;

/// <summary>The systemd units under <c>deploy/systemd</c>.</summary>
public sealed class UnitTests
{
    public static TheoryData<string> Roles => ["coordinator", "worker", "trustee"];

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task A_unit_is_one_for_systemd_and_its_state_is_where_the_unit_may_write(string role)
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(SharedData.Repository, "deploy", "systemd", $"witan-{role}.service"), TestContext.Current.CancellationToken);
        Assert.Contains($"StateDirectory=witan-{role}", lines);
        Assert.Contains($"Environment=WITAN_STATE=%S/witan-{role}", lines);
        Assert.Contains("Restart=always", lines);

        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "needs systemd-analyze");
        string folder = Directory.CreateTempSubdirectory("witan-units").FullName;
        string unit = Path.Combine(folder, $"witan-{role}.service");
        // systemd looks whether the program is there, too.
        await File.WriteAllLinesAsync(unit, lines.Select(line => line.StartsWith("ExecStart=", StringComparison.Ordinal) ? "ExecStart=/bin/true" : line), TestContext.Current.CancellationToken);
        using Process verify = Process.Start(new ProcessStartInfo("/usr/bin/systemd-analyze", ["verify", unit]) { RedirectStandardError = true, UseShellExecute = false })!;
        string said = await verify.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await verify.WaitForExitAsync(TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
        Assert.DoesNotContain($"witan-{role}.service:", said, StringComparison.Ordinal);
    }
}

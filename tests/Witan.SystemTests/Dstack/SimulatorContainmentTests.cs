using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Dstack;

/// <summary>The simulator is in no published service program, and the command loads it for its own sub-command alone.</summary>
public class SimulatorContainmentTests
{
    private const string Simulator = "Witan.Dstack.Simulator";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Witan.Coordinator", false)]
    [InlineData("Witan.Worker", false)]
    [InlineData("Witan.Trustee", false)]
    [InlineData("Witan.Cli", true)]
    public async Task Published_programs_do_not_contain_it(string project, bool contained)
    {
        string output = Directory.CreateTempSubdirectory("witan-publish-").FullName;
        try
        {
            await PublishAsync(project, output);
            string[] dependencies = Directory.GetFiles(output, "*.deps.json");
            Assert.NotEmpty(dependencies);
            bool named = dependencies.Any(file => Libraries(file).Any(name => name.StartsWith(Simulator, StringComparison.Ordinal)));
            bool present = Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories).Any(file => Path.GetFileName(file).Contains("Simulator", StringComparison.OrdinalIgnoreCase));
            // The name stands in the metadata of whatever references it, wherever the reference was hidden.
            bool mentioned = Directory.EnumerateFiles(output, "*.dll").Any(file => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.ASCII.GetBytes(Simulator)) >= 0);
            // The command is the counter-example: it has all three.
            Assert.Equal((contained, contained, contained), (named, present, mentioned));
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    [Theory]
    [InlineData("coordinator", false)]
    [InlineData("simulator", true)]
    public async Task The_command_loads_it_for_its_own_sub_command_alone(string command, bool loaded)
    {
        string folder = Directory.CreateTempSubdirectory("witan-load-").FullName;
        string[] arguments = command == "simulator"
            ? ["simulator", "--state", folder, "--socket", Path.Combine(folder, "d.sock")]
            : ["coordinator", "--state", folder, "--port", $"{WitanProgram.Ports(1)}"];
        using Process process = WitanProgram.Start([("LOCAL_MODE", "true")], arguments);
        try
        {
            Task<string?> first = command == "simulator" ? process.StandardOutput.ReadLineAsync(Cancel).AsTask() : UntilListeningAsync(process);
            Assert.NotNull(await first);
            Assert.Equal(loaded, (await File.ReadAllTextAsync($"/proc/{process.Id}/maps", Cancel)).Contains(Simulator, StringComparison.Ordinal));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string?> UntilListeningAsync(Process process)
    {
        var seen = new StringBuilder();
        while (await process.StandardError.ReadLineAsync(Cancel) is { } line)
        {
            seen.AppendLine(line);
            if (line.Contains("127.0.0.1", StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException(seen.ToString());
    }

    private static async Task PublishAsync(string project, string output)
    {
        // What was built with these tests, without building again.
        string configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in new[] { "publish", Path.Combine(SharedData.Repository, "src", project), "--no-build", "-c", configuration, "-o", output, "-v", "q", "-nologo" })
            start.ArgumentList.Add(argument);
        // A build node that outlives the publish would keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process publish = Process.Start(start)!;
        Task<string> error = publish.StandardError.ReadToEndAsync(Cancel);
        string said = await publish.StandardOutput.ReadToEndAsync(Cancel);
        await publish.WaitForExitAsync(Cancel);
        Assert.True(publish.ExitCode == 0, said + await error);
    }

    private static IEnumerable<string> Libraries(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
        return [.. json.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name)];
    }
}

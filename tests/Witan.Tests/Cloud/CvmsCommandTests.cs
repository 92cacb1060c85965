using System.Text.Json;
using Witan.Cli.CommandLine;
using Xunit;

namespace Witan.Tests.Cloud;

public sealed class CvmsCommandTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-cvms").FullName;
    private PhalaCloudServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await PhalaCloudServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task List_and_status_say_what_is_there()
    {
        SimulatedCvm cvm = _server.Add("council-1");
        CommandRun list = await Run("cvms", "list");
        Assert.Equal(ExitCode.Good, list.Code);
        Assert.Contains("council-1", list.Output);
        Assert.Contains(cvm.AppId, list.Output);
        CommandRun status = await Run("cvms", "status", "council-1", "--json");
        Assert.Equal(ExitCode.Good, status.Code);
        JsonElement root = JsonDocument.Parse(status.Output).RootElement;
        Assert.Equal(("witan/cvm-status/1", "running", cvm.VmUuid), (root.GetProperty("schema").GetString(), root.GetProperty("status").GetString(), root.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_machine_that_is_not_up_or_broken_has_its_own_exit_code()
    {
        _server.Add("council-1");
        _server.BootTime = TimeSpan.FromHours(1);
        Assert.Equal(ExitCode.Undecided, (await Run("cvms", "status", "council-1")).Code);
        (_server.BootTime, _server.BootError) = (TimeSpan.Zero, "no space\u001b[2J left");
        CommandRun broken = await Run("cvms", "status", "council-1");
        Assert.Equal(ExitCode.NotProvisioned, broken.Code);
        Assert.Contains("no space\uFFFD[2J left", broken.Output);
    }

    [Fact]
    public async Task Logs_come_without_their_address_and_without_the_key()
    {
        _server.Add("council-1");
        CommandRun logs = await Run("cvms", "logs", "council-1", "--tail", "2");
        Assert.Equal(["app | plain", "app | raw line"], logs.Output.TrimEnd().Split('\n'));
        Assert.Equal(ExitCode.Usage, (await Run("cvms", "logs", "council-1", "--tail", "0")).Code);
    }

    [Fact]
    public async Task Delete_asks_for_a_yes()
    {
        _server.Add("council-1");
        CommandRun asked = await Run("cvms", "delete", "council-1");
        Assert.Equal(ExitCode.Usage, asked.Code);
        Assert.Contains("--yes", asked.Error);
        Assert.Single(_server.Cvms);
        Assert.Equal(ExitCode.Good, (await Run("cvms", "delete", "council-1", "--yes")).Code);
        Assert.Empty(_server.Cvms);
    }

    [Fact]
    public async Task What_is_not_there_is_a_sentence()
    {
        CommandRun restart = await Run("cvms", "restart", "council-1");
        Assert.Equal(ExitCode.Rejected, restart.Code);
        Assert.Equal("witan: error: there is no CVM council-1 in this workspace\nwitan: hint: witan cvms list\n", restart.Error);
    }

    [Fact]
    public async Task A_key_file_that_others_can_read_is_refused()
    {
        string key = Path.Combine(_folder, "open");
        await File.WriteAllTextAsync(key, "x", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        CommandRun run = await CommandRun.RunAsync(["cvms", "list", "--api-key-file", key]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("chmod 600", run.Error);
        Assert.Contains("no address", (await CommandRun.RunAsync(["cvms", "list", "--api", "http://example.org", "--api-key-file", key])).Error);
    }

    private Task<CommandRun> Run(params string[] args) => CommandRun.OfAsync(_server, _folder, args);
}

using System.Net.Sockets;
using Witan.Agent;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Agent;

public sealed class GuestAgentWaitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-wait").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_socket_that_comes_late_is_waited_for()
    {
        string socket = Path.Combine(_folder, "dstack.sock");
        var log = new TestLog();
        Task wait = Run(socket, log, null, "60");
        Assert.False(wait.IsCompleted);
        using Socket agent = Listen(socket);
        await wait.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Contains($"waiting up to 60 s for the guest agent at {socket}", log.ToString());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task A_socket_that_never_comes_ends_the_program_with_what_to_do(string seconds)
    {
        string socket = Path.Combine(_folder, "dstack.sock");
        SettingException e = await Assert.ThrowsAsync<SettingException>(() => Run(socket, new StringWriter(), null, seconds));
        Assert.Contains($"no guest agent at {socket} after {seconds} s", e.Message);
        Assert.Contains("mount it", e.Hint);
    }

    [Fact]
    public async Task A_socket_that_an_ended_agent_left_behind_is_none()
    {
        string socket = Path.Combine(_folder, "dstack.sock");
        Listen(socket).Dispose();
        if (!File.Exists(socket))
            await File.WriteAllTextAsync(socket, "", TestContext.Current.CancellationToken);
        SettingException e = await Assert.ThrowsAsync<SettingException>(() => Run(socket, new StringWriter(), null, "0"));
        Assert.Contains($"nobody listens at {socket}", e.Message);
    }

    [Fact]
    public async Task A_folder_that_an_engine_made_in_its_place_is_named()
    {
        string socket = Directory.CreateDirectory(Path.Combine(_folder, "dstack.sock")).FullName;
        SettingException e = await Assert.ThrowsAsync<SettingException>(() => Run(socket, new StringWriter(), null, "0"));
        Assert.Contains("is a folder and no socket", e.Message);
    }

    [Fact]
    public async Task An_interruption_ends_the_wait()
    {
        using var stop = new CancellationTokenSource();
        Task wait = GuestAgentWait.RunAsync(_ => null, [Path.Combine(_folder, "dstack.sock")], new StringWriter(), TimeProvider.System, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task A_wait_that_is_no_number_is_refused() =>
        Assert.Contains("WITAN_GUEST_AGENT_WAIT is -1", (await Assert.ThrowsAsync<SettingException>(() => Run("/none", new StringWriter(), null, "-1"))).Message);

    [Fact]
    public async Task Local_mode_waits_for_nothing()
    {
        var log = new TestLog();
        await Run(Path.Combine(_folder, "dstack.sock"), log, "true", null);
        Assert.Empty(log.ToString());
    }

    private static Socket Listen(string path)
    {
        var agent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        agent.Bind(new UnixDomainSocketEndPoint(path));
        agent.Listen();
        return agent;
    }

    private static Task Run(string socket, TextWriter log, string? localMode, string? seconds) => GuestAgentWait.RunAsync(
        name => name switch { "LOCAL_MODE" => localMode, "WITAN_GUEST_AGENT_WAIT" => seconds, _ => null },
        [socket], log, TimeProvider.System, TestContext.Current.CancellationToken);
}

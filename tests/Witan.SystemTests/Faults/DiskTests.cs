using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Witan.Faults.Processes;
using Witan.Faults.Runs;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Faults;

/// <summary>
/// Disks that are full, read-only, broken, torn, damaged or gone: each is an error of the store and of nothing else, and nothing
/// is acknowledged and then lost.
/// </summary>
[Collection(FaultTests.Name)]
public sealed class DiskTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-disk-").FullName;
    private readonly StringWriter _log = new(CultureInfo.InvariantCulture);
    private readonly Findings _findings;
    private readonly CouncilUnderTest _council;
    private bool _mounted;

    public DiskTests()
    {
        _findings = new Findings(_log);
        _council = new CouncilUnderTest(_folder, [null]);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private AgentProcess Coordinator => _council.Coordinators[0];

    private string State => _council.StateOf("coordinator");

    private string Database => Path.Combine(State, "coordinator.db");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _council.DisposeAsync();
        if (_mounted)
            Run("umount", State);
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_full_disk_refuses_and_goes_on_when_there_is_room_again()
    {
        Mount();
        await _council.StartAsync(Cancel);
        await DecideAsync(CouncilUnderTest.Costs[0]);
        string filler = Path.Combine(State, "filler");
        Fill(filler);
        await RefusesAsync();
        ProposalBody body = CouncilUnderTest.Body(CouncilUnderTest.Costs[1]);
        Task propose = _council.ProposeAsync(body, Cancel);
        await Task.Delay(500, Cancel);
        Assert.False(propose.IsCompleted);
        File.Delete(filler);
        await propose;
        await JudgeAsync(body, CouncilUnderTest.Costs[1]);
    }

    [Fact]
    public async Task A_disk_that_fills_up_in_the_middle_of_a_decision_loses_nothing()
    {
        Mount();
        await _council.StartAsync(Cancel);
        for (int i = 0; i < 2; i++)
        {
            ProposalBody body = CouncilUnderTest.Body(CouncilUnderTest.Costs[i]);
            await _council.ProposeAsync(body, Cancel);
            await Task.Delay(150 * i, Cancel);
            string filler = Path.Combine(State, "filler");
            Fill(filler);
            await Task.Delay(1000, Cancel);
            File.Delete(filler);
            await JudgeAsync(body, CouncilUnderTest.Costs[i]);
        }
    }

    [Fact]
    public async Task A_disk_that_fails_to_flush_refuses_and_goes_on_when_it_works_again()
    {
        Assert.SkipUnless(WriteTrace.Missing is null, WriteTrace.Missing ?? "");
        await _council.StartAsync(Cancel);
        await DecideAsync(CouncilUnderTest.Costs[0]);
        ProposalBody body = CouncilUnderTest.Body(CouncilUnderTest.Costs[2]);
        Task propose;
        using (Process fault = Process.Start("/usr/bin/strace", ["-f", "-qqq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO", "-p", $"{Coordinator.Id}"]))
        {
            await CouncilUnderTest.UntilAsync(() => File.ReadAllText($"/proc/{Coordinator.Id}/status").Contains($"TracerPid:\t{fault.Id}", StringComparison.Ordinal), "it is traced", Coordinator, Cancel);
            await RefusesAsync();
            propose = _council.ProposeAsync(body, Cancel);
            await Task.Delay(1000, Cancel);
            Assert.False(propose.IsCompleted);
            Run("kill", "-INT", $"{fault.Id}");
            await fault.WaitForExitAsync(Cancel);
        }

        Assert.Contains("storage:", Coordinator.Output, StringComparison.Ordinal);
        await propose;
        await JudgeAsync(body, CouncilUnderTest.Costs[2]);
    }

    [Fact]
    public async Task A_read_only_disk_is_refused_at_start()
    {
        Mount();
        await _council.StartAsync(Cancel);
        await DecideAsync(CouncilUnderTest.Costs[0]);
        await StopAsync();
        Run("mount", "-o", "remount,ro", State);
        await RefusesToStartAsync("read-only", "cannot be opened");
        Run("mount", "-o", "remount,rw", State);
        Coordinator.Start();
        await DecideAsync(CouncilUnderTest.Costs[3]);
    }

    [Fact]
    public async Task What_is_torn_damaged_or_gone_after_it_was_acknowledged_is_refused()
    {
        await _council.StartAsync(Cancel);
        await _council.EndIsSeenAsync(await DecideAsync(CouncilUnderTest.Costs[1]), Cancel);
        await StopAsync();
        string whole = State + ".whole";
        DirectoryCopy.Replace(State, whole);
        string log = Database + "-wal";
        long length = new FileInfo(log).Length;

        // Behind the last event come the note that the record has ended and what agents show meanwhile: both may be lost.
        int settled = (await File.ReadAllBytesAsync(log, Cancel)).AsSpan().IndexOf("\"settled\""u8);
        Assert.True(settled > 0, "the last event is not in the log");
        await CaseAsync("its last write to the record is torn", () => Truncate(log, settled), "rolled back");
        await CaseAsync("a byte of the log is flipped", () => Flip(log, length / 2), "rolled back");
        await CaseAsync("the log is gone", () => File.Delete(log), "");
        await CaseAsync("the database is gone", () => Array.ForEach(Directory.GetFiles(State, "coordinator.db*"), File.Delete), "rolled back");
        await CaseAsync("the database is empty", () => { File.Delete(log); Truncate(Database, 0); }, "");

        // In order, so that all of it is in the database itself.
        Restore();
        Coordinator.Start();
        await CouncilUnderTest.UntilAsync(() => Coordinator.Output.Contains("listens on", StringComparison.Ordinal), "it listens", Coordinator, Cancel);
        Run("kill", "-TERM", $"{Coordinator.Id}");
        await Coordinator.ExitedAsync(Cancel);
        DirectoryCopy.Replace(State, whole);
        byte[] bytes = await File.ReadAllBytesAsync(Database, Cancel);
        await CaseAsync("a byte of a ballot is flipped", () => Flip(Database, bytes.AsSpan().IndexOf("\"ballot-cast\""u8) + 200), "");
        await CaseAsync("a byte of a page's head is flipped", () => Flip(Database, (bytes.AsSpan().IndexOf("\"ballot-cast\""u8) / 4096 * 4096) + 3), "");
        await CaseAsync("the database is cut", () => Truncate(Database, bytes.Length / 2), "");

        Restore();
        Coordinator.Start();
        await DecideAsync(CouncilUnderTest.Costs[2]);

        async Task CaseAsync(string what, Action harm, string says)
        {
            Restore();
            harm();
            await RefusesToStartAsync(what, says);
        }

        void Restore() => DirectoryCopy.Replace(whole, State);
    }

    private void Mount()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to mount a small file system");
        Directory.CreateDirectory(State);
        using Process mount = Process.Start(new ProcessStartInfo("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "none", State]) { RedirectStandardError = true, UseShellExecute = false })!;
        mount.WaitForExit();
        Assert.SkipUnless(mount.ExitCode == 0, "needs the right to mount a small file system");
        _mounted = true;
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start($"/bin/{program}", arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static void Fill(string path)
    {
        using var filler = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1);
        foreach (int size in new[] { 65536, 4096, 512 })
        {
            try
            {
                while (true)
                    filler.Write(new byte[size]);
            }
            catch (IOException)
            {
                // No room for so much.
            }
        }
    }

    private static void Truncate(string path, long length)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.SetLength(length);
    }

    private static void Flip(string path, long at)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        int value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 1));
    }

    // The answer says that the store is at fault, and not the asker.
    private async Task RefusesAsync()
    {
        using HttpResponseMessage ready = await _council.Http(0).GetAsync(new Uri("readyz", UriKind.Relative), Cancel);
        string answer = await ready.Content.ReadAsStringAsync(Cancel);
        Assert.True(ready.StatusCode == HttpStatusCode.ServiceUnavailable, $"{ready.StatusCode}: {answer}");
        Assert.Contains("\"STORAGE\"", answer, StringComparison.Ordinal);
    }

    private async Task RefusesToStartAsync(string what, string says)
    {
        Coordinator.Start();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            await Coordinator.ExitedAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{what}: the coordinator goes on: {Coordinator.Output}");
        }

        Assert.True(Coordinator.ExitCode == 3, $"{what}: exit {Coordinator.ExitCode}: {Coordinator.Output}");
        Assert.Contains(says, Coordinator.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Coordinator.Output, StringComparison.Ordinal);
    }

    private async Task StopAsync()
    {
        Coordinator.Kill();
        await Coordinator.ExitedAsync(Cancel);
    }

    private async Task<Digest> DecideAsync(int cost)
    {
        ProposalBody body = CouncilUnderTest.Body(cost);
        await _council.ProposeAsync(body, Cancel);
        await JudgeAsync(body, cost);
        return body.Id();
    }

    private async Task JudgeAsync(ProposalBody body, int cost)
    {
        byte[]? decision = await _council.DecisionAsync(body.Id(), TimeSpan.FromSeconds(60), Cancel);
        IReadOnlyList<Receipt> receipts = _council.Receipts(body.Id());
        _findings.Judge(body.Title, body.Id(), decision, receipts, cost);
        Assert.True(_findings is { Lost: 0, Doubled: 0, Wrong: 0 }, _log.ToString() + new StringBuilder().Append(Coordinator.Output));
        Assert.NotEmpty(receipts);
    }
}

using System.Diagnostics;
using System.Text;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Council;

/// <summary>A vote and its reasons are in no process, file or log but its worker's own memory.</summary>
public sealed class SecrecyTests : IDisposable
{
    private const string Canary = "canary-7f3e9b51-reason";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-canary-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task No_reason_is_found_in_any_other_process_on_disk_or_in_logs()
    {
        string profiles = Directory.CreateDirectory(Path.Combine(_folder, "profiles")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(profiles, "one.json"),
            $$"""
            {"schema":"witan.profile/1","name":"one","values":"v","redLines":[],
             "criteria":[{"fact":"amount","prefer":"low","weight":1,"pivot":50000,"because":"{{Canary}}"}]}
            """,
            Cancel);
        string output = Path.Combine(_folder, "out");
        int port = WitanProgram.Ports(5);
        string grant = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        using Process up = WitanProgram.Start("up", "--propose", grant, "--out", output, "--port", $"{port}", "--profiles", profiles);
        try
        {
            for (int i = 0; i < 600 && !File.Exists(Path.Combine(output, "decision.json")); i++)
                await Task.Delay(100, Cancel);
            Assert.True(File.Exists(Path.Combine(output, "decision.json")), "no decision within 60 s");

            byte[] canary = Encoding.UTF8.GetBytes(Canary), wide = Encoding.Unicode.GetBytes(Canary);
            // The search itself must be able to find: the worker that read the profile still holds it.
            Assert.Contains(WitanProgram.Running(output), id => CommandLine(id).Contains(" worker ", StringComparison.Ordinal) && Holds(id, canary, wide));
            foreach (int id in WitanProgram.Running(output).Where(id => CommandLine(id).Contains(" coordinator ", StringComparison.Ordinal) || CommandLine(id).Contains(" trustee ", StringComparison.Ordinal)))
                Assert.False(Holds(id, canary, wide), $"{CommandLine(id)} holds a worker's reasons");
            foreach (string file in Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories))
            {
                byte[] content = await ReadSharedAsync(file);
                Assert.True(content.AsSpan().IndexOf(canary) < 0 && content.AsSpan().IndexOf(wide) < 0, $"{file} holds a worker's reasons");
            }
        }
        finally
        {
            using Process? kill = Process.Start("/bin/kill", ["-INT", $"{up.Id}"]);
            await up.WaitForExitAsync(Cancel);
        }

        for (int i = 0; i < 50 && WitanProgram.Running(output).Count > 0; i++)
            await Task.Delay(100, Cancel);
        Assert.Empty(WitanProgram.Running(output));
    }

    private static string CommandLine(int process) => File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');

    // By another program: the framework would honour the lock on the coordinator's state.
    private static async Task<byte[]> ReadSharedAsync(string file)
    {
        using Process cat = Process.Start(new ProcessStartInfo("/bin/cat", [file]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        using var all = new MemoryStream();
        await cat.StandardOutput.BaseStream.CopyToAsync(all);
        await cat.WaitForExitAsync(Cancel);
        Assert.Equal(0, cat.ExitCode);
        return all.ToArray();
    }

    // Every readable and writable region of the process, as a debugger would see it.
    private static bool Holds(int process, byte[] canary, byte[] wide)
    {
        using var memory = new FileStream($"/proc/{process}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        foreach (string line in File.ReadLines($"/proc/{process}/maps"))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!parts[1].StartsWith("rw", StringComparison.Ordinal))
                continue;
            string[] range = parts[0].Split('-');
            long from = Convert.ToInt64(range[0], 16), length = Convert.ToInt64(range[1], 16) - from;
            byte[] buffer = new byte[Math.Min(length, 1 << 20) + 128];
            for (long at = 0; at < length; at += 1 << 20)
            {
                int read;
                try
                {
                    memory.Position = from + at;
                    read = memory.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)), 1, throwOnEndOfStream: false);
                }
                catch (IOException)
                {
                    break;
                }

                if (buffer.AsSpan(0, read).IndexOf(canary) >= 0 || buffer.AsSpan(0, read).IndexOf(wide) >= 0)
                    return true;
            }
        }

        return false;
    }
}

using System.Diagnostics;
using System.Text.RegularExpressions;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Machine;

/// <summary>One system call as strace wrote it: its name, its arguments, and the path among them.</summary>
internal sealed record SystemCall(string Name, string Arguments)
{
    /// <summary>The first quoted argument; empty where there is none. Abstract socket names begin with @.</summary>
    public string Path => Quoted.Match(Arguments) is { Success: true } match ? match.Groups[1].Value + match.Groups[2].Value : "";

    private static readonly Regex Quoted = new("(@?)\"((?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.Compiled);

    public override string ToString() => $"{Name}({Arguments}";
}

/// <summary>Runs the program under strace and reads every call that could change something, of all its threads and children.</summary>
internal static partial class SystemCalls
{
    // What opens, creates, removes, renames, mounts, loads, connects or commands; everything that leads out of a process.
    private const string Traced = "trace=%file,%network,ioctl,execve,ftruncate,fchmod,fchown,mount,umount2,init_module,finit_module,delete_module,kexec_load,reboot,swapon,settimeofday,setxattr,fsetxattr";

    public static async Task<(int Exit, string Out, IReadOnlyList<SystemCall> Calls)> RunAsync(string[] arguments, (string Name, string Value)[] environment, CancellationToken cancel)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "needs strace");
        string folder = Directory.CreateTempSubdirectory("witan-strace-").FullName;
        try
        {
            // One file a thread, so that no call is cut in two by another's.
            var start = new ProcessStartInfo("strace") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = SharedData.Repository };
            foreach (string argument in (string[])["-ff", "-s", "400", "-e", Traced, "-o", Path.Combine(folder, "trace"), "dotnet", "exec", WitanProgram.Assembly, .. arguments])
                start.ArgumentList.Add(argument);
            foreach ((string name, string value) in environment)
                start.Environment[name] = value;
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancel), error = process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            string[] files = Directory.GetFiles(folder, "trace*");
            Assert.SkipWhen(files.Length == 0, $"strace may not trace here: {await error}");
            return (process.ExitCode, await output, [.. files.SelectMany(File.ReadLines).Select(line => Call().Match(line)).Where(match => match.Success)
                .Select(match => new SystemCall(match.Groups[1].Value, match.Groups[2].Value))]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"^(\w+)\((.*)$")]
    private static partial Regex Call();
}

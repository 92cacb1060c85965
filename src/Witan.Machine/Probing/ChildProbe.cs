using System.ComponentModel;
using System.Diagnostics;

namespace Witan.Machine;

/// <summary>
/// The probes that may crash or hang: launching enclaves, loading foreign libraries. Each runs as this same program in a
/// child process with a time limit, and answers with a snapshot on its standard output.
/// </summary>
public static class ChildProbe
{
    internal const string Launch = "launch", Library = "library", Nvml = "nvml";

    /// <summary>Longest answer of a child, characters.</summary>
    private const int MaximumAnswer = 1 << 20;

    /// <summary>Runs one probe in this process and returns what it saw. Null where there is no probe of that name.</summary>
    public static MachineSnapshot? RunHere(string name, ProbeOptions options)
    {
        var to = new SnapshotBuilder("child");
        switch (name)
        {
            case Launch:
                LaunchProbe.Run(new SystemRoot(options.Root), new ProcessorCpuid(), options, to);
                return to.Build();
            case Library:
                LibraryProbe.Load(SgxSoftware.LibraryName, to);
                return to.Build();
            case Nvml:
                NvmlProbe.Run(to);
                return to.Build();
            default:
                return null;
        }
    }

    internal static void Run(IReadOnlyList<string> self, string name, ProbeOptions options, SnapshotBuilder to)
    {
        var start = new ProcessStartInfo(self[0]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        for (int i = 1; i < self.Count; i++)
            start.ArgumentList.Add(self[i]);
        foreach (string argument in new[] { "sgx-test", "--probe", name, "--root", options.Root })
            start.ArgumentList.Add(argument);
        if (options.WhitelistedEnclave is { } enclave)
        {
            start.ArgumentList.Add("--whitelisted-enclave");
            start.ArgumentList.Add(enclave);
        }

        using var child = new Process { StartInfo = start };
        try
        {
            child.Start();
        }
        catch (Win32Exception)
        {
            Fail(name, LaunchOutcomes.NotStarted, options, to);
            return;
        }

        child.StandardInput.Close();
        Task<string?> output = ReadAsync(child.StandardOutput), errors = ReadAsync(child.StandardError);
        if (!Task.WaitAll([output, errors], options.ChildLimit) || !child.WaitForExit(TimeSpan.FromSeconds(1)))
        {
            child.Kill(entireProcessTree: true);
            Fail(name, LaunchOutcomes.Timeout, options, to);
            return;
        }

        if (child.ExitCode != 0 || output.GetAwaiter().GetResult() is not { } answer || !SnapshotJson.TryRead(answer, out MachineSnapshot? seen, out _))
        {
            Fail(name, LaunchOutcomes.Crashed, options, to);
            return;
        }

        to.Add(seen);
    }

    // A child that says too much is not heard out: the pipe fills, and the time limit ends it. Null then.
    private static async Task<string?> ReadAsync(StreamReader stream)
    {
        char[] buffer = new char[MaximumAnswer + 1];
        int at = 0;
        for (int got = 1; got > 0 && at < buffer.Length; at += got)
            got = await stream.ReadAsync(buffer.AsMemory(at)).ConfigureAwait(false);
        return at <= MaximumAnswer ? new string(buffer, 0, at) : null;
    }

    private static void Fail(string name, string reason, ProbeOptions options, SnapshotBuilder to)
    {
        if (name == Launch)
        {
            LaunchOutcomes.NoneOf(options, reason, to);
        }
        else if (name == Library)
        {
            to.Set(Section.Libraries, SgxSoftware.LibraryName, Reading.Failed(LibraryProbe.Prefix + reason));
        }
        else
        {
            to.Set(Section.Nvml, "ccFeature", Reading.Failed(reason));
        }
    }
}

using System.Text;
using Witan.Cli.CommandLine;
using Witan.Machine;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>Where the snapshot comes from: this machine, a file tree, or a recording.</summary>
internal static class MachineSource
{
    /// <summary>Longest recording read, bytes.</summary>
    private const int MaximumRecording = 8 << 20;

    public static MachineSnapshot? Take(SgxTestRequest request)
    {
        if (!request.LooksAtMachine)
            return null;
        MachineSnapshot? recording = request.Replay is { } file ? Read(file) : null;
        return recording is not null && request.Root is null
            ? recording
            : MachineProbe.Run(new ProbeOptions
            {
                Root = request.Root is { } root ? Path.GetFullPath(root) : "/",
                Processor = recording,
                Attest = request.Attest,
                WhitelistedEnclave = request.WhitelistedEnclave is { } enclave ? Path.GetFullPath(enclave) : null,
                Self = Self(),
            });
    }

    public static void Save(MachineSnapshot snapshot, string path)
    {
        try
        {
            File.WriteAllText(path, SnapshotJson.Write(snapshot));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written: {e.Message}", "choose another file");
        }
    }

    private static MachineSnapshot Read(string file)
    {
        string text = Encoding.UTF8.GetString(InputFile.Read(file, MaximumRecording));
        return SnapshotText.TryRead(text, out MachineSnapshot? snapshot, out string? problem)
            ? snapshot
            : throw new CommandException($"{file} cannot be judged: {problem}", "record one with witan sgx-test --record FILE");
    }

    // Started as "dotnet witan.dll" the process is dotnet, and needs the assembly's path again.
    private static string[]? Self()
    {
        if (Environment.ProcessPath is not { } process)
            return null;
        string assembly = Path.Combine(AppContext.BaseDirectory, "witan.dll");
        return Path.GetFileNameWithoutExtension(process) == "witan" ? [process] : File.Exists(assembly) ? [process, assembly] : null;
    }
}

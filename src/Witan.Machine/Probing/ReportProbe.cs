using System.Text;

namespace Witan.Machine;

/// <summary>
/// Asks the kernel's report interface who gives reports here, in an entry that is removed again. Where that is allowed
/// (<c>--attest</c>), one report over 64 zero bytes is made too; that it came and its length are kept, never the report.
/// </summary>
internal static class ReportProbe
{
    private const int InputSize = 64;

    public static void Run(SystemRoot root, SnapshotBuilder to, bool attest)
    {
        Reading folder = root.Exists(ReportInterface.Folder);
        if (folder.IsFailure)
            to.Set(Section.Files, ReportInterface.Provider, folder);
        else if (root.IsLive)
            // The number of a process is not its own where containers share the interface.
            Ask(new ReportEntry(root, $"{ReportInterface.Folder}/witan-{Environment.ProcessId}{Environment.TickCount64}"), to, attest);
        else if (root.Text(ReportInterface.Provider, 64) is { IsMissing: false } provider)
            // In a tree nothing is made, and without an entry the kernel shows no provider: that it is not there says nothing.
            to.Set(Section.Files, ReportInterface.Provider, provider);
    }

    /// <summary>The same for one entry.</summary>
    public static void Ask(IReportEntry entry, SnapshotBuilder to, bool attest)
    {
        Reading made = entry.Make();
        if (made.IsFailure)
        {
            to.Set(Section.Files, ReportInterface.Provider, made);
            return;
        }

        try
        {
            Reading provider = Text(entry, "provider");
            to.Set(Section.Files, ReportInterface.Provider, provider);
            if (!attest || (provider.Text != GuestKind.Tdx.Provider && provider.Text != GuestKind.Snp.Provider))
                return;
            // What is left behind at its time limit has been tried: without an answer it is no report.
            to.Set(Section.Requests, ReportInterface.Request, Reading.Failed("timeout"));
            to.Set(Section.Requests, ReportInterface.Request, Report(entry));
        }
        finally
        {
            entry.Remove();
        }
    }

    private static Reading Report(IReportEntry entry)
    {
        if (entry.Write("inblob", new byte[InputSize]) is { IsFailure: true } unwritten)
            return Reading.Failed($"inblob {unwritten.Error}");
        Reading generation = Text(entry, "generation");
        if (generation.IsFailure)
            return Reading.Failed($"generation {generation.Error}");
        // Another number means that somebody else has written to the entry: the report would not be ours.
        if (generation.Text != "1")
            return Reading.Failed($"generation {generation.Text}");
        Reading read = entry.Read("outblob", out byte[] report);
        return read.IsFailure ? Reading.Failed($"outblob {read.Error}")
            : report.Length == 0 ? Reading.Failed("outblob empty")
            : Reading.Of(ReportInterface.Recorded(generation.Text, report.Length));
    }

    private static Reading Text(IReportEntry entry, string attribute)
    {
        Reading read = entry.Read(attribute, out byte[] bytes);
        return read.IsFailure ? read : Reading.Of(Encoding.UTF8.GetString(bytes).TrimEnd());
    }
}

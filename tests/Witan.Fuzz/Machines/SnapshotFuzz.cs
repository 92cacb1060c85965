using System.Text;
using System.Text.Json;
using Witan.Machine;

namespace Witan.Fuzz.Machines;

/// <summary>
/// <c>snapshot FILE...</c>: what <c>witan sgx-test --replay</c> takes, recordings and dumps of CPUID leaves. They are signed by nobody, so the
/// oracle is another one: refused in a sentence, or judged, printed both ways, and written to a text that reads back to itself.
/// </summary>
public static class SnapshotFuzz
{
    /// <summary>A name for all of that; empty where the text does not read back to itself. Null where it is refused.</summary>
    public static string? Claims(byte[] bytes)
    {
        if (!SnapshotText.TryRead(Encoding.UTF8.GetString(bytes), out MachineSnapshot? snapshot, out string? problem))
            return problem.Length > 0 ? null : throw new InvalidOperationException("a refusal that says nothing");
        var report = MachineReport.Judge(snapshot);
        using var text = new StringWriter();
        ReportText.Write(text, report, new ReportStyle { All = true, Verbose = true });
        using var json = new Utf8JsonWriter(Stream.Null, ReportJson.Layout);
        json.WriteStartObject();
        ReportJson.Write(json, report);
        json.WriteEndObject();
        string written = SnapshotJson.Write(snapshot);
        return SnapshotText.TryRead(written, out MachineSnapshot? again, out _) && SnapshotJson.Write(again) == written ? again.Hash : "";
    }

    public static int Run(string[] args)
    {
        byte[][] samples = [.. args.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)).Select(File.ReadAllBytes)];
        return samples.Length > 0 ? Loop().Run(samples, args) : throw new ArgumentException("snapshot needs the recordings and dumps to begin with", nameof(args));
    }

    public static FuzzLoop Loop() => new("snapshot", Claims, (_, now, _) => now.Length > 0);
}

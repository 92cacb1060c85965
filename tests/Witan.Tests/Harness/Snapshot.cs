using System.Runtime.CompilerServices;
using Xunit;

namespace Witan.Tests.Harness;

/// <summary>
/// Compares text with a committed file beside the test, under <c>Snapshots/</c>. WITAN_SNAPSHOTS=write writes the file
/// instead: then the diff is the review.
/// </summary>
public static class Snapshot
{
    /// <summary>Fails where <paramref name="actual"/> is not the content of <c>Snapshots/<paramref name="name"/></c>.</summary>
    public static void Match(string name, string actual, [CallerFilePath] string source = "")
    {
        string folder = Path.Combine(Path.GetDirectoryName(Local(source))!, "Snapshots");
        string file = Path.Combine(folder, name);
        string normal = actual.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("WITAN_SNAPSHOTS") == "write")
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(file, normal);
            return;
        }

        Assert.True(File.Exists(file), $"no snapshot {name}: run once with WITAN_SNAPSHOTS=write and review it");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), normal);
    }

    // PathMap replaces the repository's folder by /_/ so that builds are the same everywhere.
    private static string Local(string source) =>
        source.StartsWith("/_/", StringComparison.Ordinal) ? Path.Combine(SharedData.Repository, source[3..]) : source;
}

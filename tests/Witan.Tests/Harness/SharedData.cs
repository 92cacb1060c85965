using Xunit;

namespace Witan.Tests.Harness;

/// <summary>
/// The real quotes, reports, dumps and vectors, which are not part of the repository. Looked for in WITAN_SHARED and in a
/// folder <c>shared</c> beside the repository; a test that needs them is skipped, saying so, where they are not.
/// </summary>
public static class SharedData
{
    /// <summary>The folder, or null.</summary>
    public static string? Root { get; } = Find();

    /// <summary>The repository's own folder.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The path of a file or folder below the shared data; skips the test where there is none.</summary>
    public static string Path(params string[] parts)
    {
        Assert.SkipUnless(Root is not null, "needs the shared data: set WITAN_SHARED or put shared/ beside the repository");
        return System.IO.Path.Combine([Root!, .. parts]);
    }

    /// <summary>Names of the files in a folder of the shared data, for theories; empty where there is none.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Root is null || !Directory.Exists(System.IO.Path.Combine(Root, folder))
            ? []
            : Directory.EnumerateFiles(System.IO.Path.Combine(Root, folder), pattern).Order(StringComparer.Ordinal);

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable("WITAN_SHARED");
        if (!string.IsNullOrEmpty(named))
            return Directory.Exists(named) ? named : null;
        string beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(FindRepository(), "..", "shared"));
        return Directory.Exists(beside) ? beside : null;
    }

    private static string FindRepository()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Witan.slnx")))
                return at.FullName;
        }

        throw new InvalidOperationException("the tests run outside the repository");
    }
}

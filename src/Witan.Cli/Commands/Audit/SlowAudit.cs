using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Audit;

/// <summary>An audit that says on stderr that it runs where it takes longer than somebody waits without a word: thousands of ballots take seconds.</summary>
internal static class SlowAudit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static AuditReport Run(Terminal terminal, byte[] file, AuditOptions options) => Run(
        terminal, Patience, $"auditing {file.Length / 1e6:0.0} MB: every signature and every proof is checked", () => Voting.Audit.Run(file, options));

    /// <summary>Gives what <paramref name="work"/> gives; <paramref name="word"/> is said once, where it takes longer than <paramref name="patience"/>.</summary>
    internal static T Run<T>(Terminal terminal, TimeSpan patience, string word, Func<T> work)
    {
        var error = TextWriter.Synchronized(terminal.Error);
        using var timer = new Timer(_ => error.WriteLine(word), null, patience, Timeout.InfiniteTimeSpan);
        return work();
    }
}

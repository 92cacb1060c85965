namespace Witan.Cli.CommandLine;

/// <summary>
/// Ends a command with one line on stderr, a hint below it, and an exit code. For everything a user can cause: a missing
/// file, wrong JSON, a port in use. Everything else that escapes is a fault of the program.
/// </summary>
public sealed class CommandException(string message, string? hint = null, int exitCode = ExitCode.Usage)
    : Exception(message)
{
    /// <summary>What to do about it, one sentence. Null where the message says so.</summary>
    public string? Hint { get; } = hint;

    /// <summary>One of <see cref="CommandLine.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}

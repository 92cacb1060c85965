using Witan.Dstack;

namespace Witan.Agent;

/// <summary>How a container's program says why it cannot run: one line, and below it what to do, as the command line says it.</summary>
public static class ProgramFailure
{
    /// <summary>The exit code of a program that cannot run as it was set up.</summary>
    public const int ExitCode = 2;

    /// <summary>Whether an exception is something that an operator can cause and mend; everything else is a fault of the program.</summary>
    public static bool IsExpected(Exception e) =>
        e is SettingException or FormatException or IOException or UnauthorizedAccessException or InvalidDataException;

    /// <summary>Writes <c>PROGRAM: error: …</c> and, where something can be done, <c>PROGRAM: hint: …</c>.</summary>
    public static async Task WriteAsync(string program, Exception e, TextWriter error)
    {
        await error.WriteLineAsync($"{program}: error: {OneLine(e.Message)}");
        if (Hint(e) is { } hint)
            await error.WriteLineAsync($"{program}: hint: {OneLine(hint)}");
    }

    private static string? Hint(Exception e) => e switch
    {
        SettingException setting => setting.Hint,
        DstackException => "is the guest agent running, and may this user open its socket?",
        UnauthorizedAccessException => $"the program runs as {Environment.UserName}: give this user the file, or the folder it is in",
        _ => null,
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}

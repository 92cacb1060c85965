using System.Globalization;

namespace Witan.Cli.CommandLine;

/// <summary>
/// Where a command writes: results to <see cref="Out"/>, progress and errors to <see cref="Error"/>. Colour is used only on
/// a terminal, and never as the only sign.
/// </summary>
public sealed class Terminal
{
    private const string Escape = "\e[";

    private bool _errorColour;

    /// <summary>Creates a terminal over two writers, each of which may be coloured or not.</summary>
    public Terminal(TextWriter output, TextWriter error, bool colour, bool interactive, bool errorColour = false)
    {
        Out = output;
        Error = error;
        Colour = colour;
        Interactive = interactive;
        _errorColour = errorColour;
    }

    /// <summary>The result, and nothing else.</summary>
    public TextWriter Out { get; }

    /// <summary>Progress, warnings, errors.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether the result may be coloured.</summary>
    public bool Colour { get; private set; }

    /// <summary>Whether stderr is a terminal on which a line may be rewritten.</summary>
    public bool Interactive { get; }

    /// <summary>The process's own console; honours NO_COLOR, CLICOLOR_FORCE and TERM=dumb.</summary>
    public static Terminal OfProcess()
    {
        Func<string, string?> variable = Environment.GetEnvironmentVariable;
        return new Terminal(
            new ResultWriter(Console.Out), Console.Error, IsColoured(variable, !Console.IsOutputRedirected), !Console.IsErrorRedirected && variable("TERM") != "dumb",
            IsColoured(variable, !Console.IsErrorRedirected));
    }

    /// <summary>Whether a stream is coloured: never with NO_COLOR, always with a CLICOLOR_FORCE that is not 0, else on a terminal that is not dumb.</summary>
    internal static bool IsColoured(Func<string, string?> variable, bool isTerminal) =>
        variable("NO_COLOR") is null or "" && (variable("CLICOLOR_FORCE") is not (null or "" or "0") || (isTerminal && variable("TERM") != "dumb"));

    /// <summary>Turns colour off for this run (<c>--no-color</c>).</summary>
    public void WithoutColour() => Colour = _errorColour = false;

    /// <summary>Good news in green.</summary>
    public string Good(string text) => Paint("32", text);

    /// <summary>Bad news in red.</summary>
    public string Bad(string text) => Paint("31", text);

    /// <summary>Doubt in yellow.</summary>
    public string Doubt(string text) => Paint("33", text);

    /// <summary>Doubt in yellow, for <see cref="Error"/>; the other words are for <see cref="Out"/>.</summary>
    public string Warning(string text) => Paint("33", text, _errorColour);

    /// <summary>Secondary text.</summary>
    public string Dim(string text) => Paint("2", text);

    /// <summary>Headings.</summary>
    public string Bold(string text) => Paint("1", text);

    /// <summary>Writes <c>witan: error: …</c> and, if there is one, the hint below it.</summary>
    public void WriteError(string message, string? hint)
    {
        Error.WriteLine($"witan: error: {OneLine(message)}");
        if (hint is not null)
            Error.WriteLine($"witan: hint: {OneLine(hint)}");
    }

    private string Paint(string code, string text) => Paint(code, text, Colour);

    private static string Paint(string code, string text, bool colour) => colour ? $"{Escape}{code}m{text}{Escape}0m" : text;

    /// <summary>
    /// Text of strangers, for one line: what could rewrite a terminal, start a line of its own or turn the reading direction is replaced. No text is an empty one.
    /// </summary>
    public static string Plain(string? text) => string.Concat((text ?? "").Select(letter => char.GetUnicodeCategory(letter)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? '\uFFFD' : letter));

    private static string OneLine(string text) => Plain(text.ReplaceLineEndings(" ").Trim());
}

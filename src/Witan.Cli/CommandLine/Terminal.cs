using System.Globalization;

namespace Witan.Cli.CommandLine;

/// <summary>
/// Where a command writes: results to <see cref="Out"/>, progress and errors to <see cref="Error"/>. Colour is used only on
/// a terminal, and never as the only sign.
/// </summary>
public sealed class Terminal
{
    private const string Escape = "\e[";

    /// <summary>Creates a terminal over two writers.</summary>
    public Terminal(TextWriter output, TextWriter error, bool colour, bool interactive)
    {
        Out = output;
        Error = error;
        Colour = colour;
        Interactive = interactive;
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
        static bool Set(string name) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name));
        bool dumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        bool colour = !Set("NO_COLOR") && (Set("CLICOLOR_FORCE") || (!Console.IsOutputRedirected && !dumb));
        return new Terminal(new ResultWriter(Console.Out), Console.Error, colour, !Console.IsErrorRedirected && !dumb);
    }

    /// <summary>Turns colour off for this run (<c>--no-color</c>).</summary>
    public void WithoutColour() => Colour = false;

    /// <summary>Good news in green.</summary>
    public string Good(string text) => Paint("32", text);

    /// <summary>Bad news in red.</summary>
    public string Bad(string text) => Paint("31", text);

    /// <summary>Doubt in yellow.</summary>
    public string Doubt(string text) => Paint("33", text);

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

    private string Paint(string code, string text) => Colour ? $"{Escape}{code}m{text}{Escape}0m" : text;

    /// <summary>
    /// Text of strangers, for one line: what could rewrite a terminal, start a line of its own or turn the reading direction is replaced. No text is an empty one.
    /// </summary>
    public static string Plain(string? text) => string.Concat((text ?? "").Select(letter => char.GetUnicodeCategory(letter)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? '\uFFFD' : letter));

    private static string OneLine(string text) => Plain(text.ReplaceLineEndings(" ").Trim());
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Propose;

/// <summary>
/// A proposal as people write it: a front matter of <c>key: value</c> lines between two lines of three dashes, with stated facts
/// indented below <c>facts:</c>, then the question in Markdown.
/// </summary>
public sealed record ProposalFile(
    string Title, string Text, IReadOnlyList<ProposalFact> Facts, IReadOnlyList<string> Options, int? Turnout, int? Anonymity, int PassNumerator, int PassDenominator, TimeSpan Deadline, int Rounds = 0)
{
    private const string Form = "examples/treasury-grant.md shows the form";

    /// <summary>Reads a file's text.</summary>
    public static ProposalFile Parse(string name, ReadOnlySpan<byte> bytes)
    {
        string[] lines;
        try
        {
            lines = new UTF8Encoding(false, true).GetString(bytes).ReplaceLineEndings("\n").Split('\n');
        }
        catch (DecoderFallbackException)
        {
            throw new CommandException($"{name} is no UTF-8 text", Form);
        }

        int end = Array.IndexOf(lines, "---", 1);
        if (lines[0] != "---" || end < 0)
            throw new CommandException($"{name} does not begin with a front matter between two lines of ---", Form);
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        var facts = new List<ProposalFact>();
        for (int i = 1; i < end; i++)
            ReadLine(name, lines[i], i + 1, keys, facts);
        string text = string.Join('\n', lines[(end + 1)..]).Trim();
        (int numerator, int denominator) = Fraction(name, keys.GetValueOrDefault("pass", "1/2"));
        return new ProposalFile(
            keys.GetValueOrDefault("title") ?? throw new CommandException($"{name}: the front matter has no title", Form),
            text,
            facts,
            OptionList(name, keys.GetValueOrDefault("options", "[Approve, Reject, Abstain]")),
            Number(name, keys, "turnout"),
            Number(name, keys, "anonymity"),
            numerator,
            denominator,
            Duration(name, keys.GetValueOrDefault("deadline", "10m")),
            keys.GetValueOrDefault("rounds", "0") switch
            {
                "0" => 0,
                "1" => 1,
                _ => throw new CommandException($"{name}: rounds is neither 0 nor 1", "rounds: 1"),
            });
    }

    /// <summary>
    /// The body for a roster of at least so many workers; it grows to what turnout and anonymity ask for. <paramref name="turnout"/> counts
    /// where the file names none.
    /// </summary>
    public ProposalBody ToBody(int roster, int turnout, int trustees, DateTimeOffset now) => new()
    {
        Title = Title,
        Text = Text,
        Facts = Facts,
        Options = Options,
        MinimumTurnout = Turnout ?? turnout,
        MinimumAnonymity = Anonymity ?? Math.Min(roster, 2),
        PassNumerator = PassNumerator,
        PassDenominator = PassDenominator,
        MinimumRoster = Math.Max(roster, Math.Max(Turnout ?? turnout, Anonymity ?? 1)),
        Trustees = trustees,
        Threshold = (trustees / 2) + 1,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
        OpenBy = DateTimeOffset.FromUnixTimeMilliseconds((now + (Deadline / 2)).ToUnixTimeMilliseconds()),
        CloseAt = DateTimeOffset.FromUnixTimeMilliseconds((now + Deadline).ToUnixTimeMilliseconds()),
        SettleBy = DateTimeOffset.FromUnixTimeMilliseconds((now + (Deadline * 2)).ToUnixTimeMilliseconds()),
        Nonce = new Digest(RandomNumberGenerator.GetBytes(32)),
        Rounds = Rounds,
    };

    private static void ReadLine(string name, string line, int number, Dictionary<string, string> keys, List<ProposalFact> facts)
    {
        if (line.Trim().Length == 0 || line.TrimStart().StartsWith('#'))
            return;
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            throw new CommandException($"{name}, line {number}: no \"key: value\"", Form);
        string key = line[..colon].Trim(), value = line[(colon + 1)..].Trim().Trim('"');
        bool known = key is "title" or "options" or "turnout" or "anonymity" or "pass" or "deadline" or "rounds" or "facts";
        if (line[0] is ' ' or '\t')
            facts.Add(new ProposalFact(key, value));
        else if (!known)
            throw new CommandException($"{name}, line {number}: unknown key {key}", "title, options, turnout, anonymity, pass, deadline, rounds, facts");
        else if (!keys.TryAdd(key, value))
            throw new CommandException($"{name}, line {number}: {key} stands there twice");
    }

    private static string[] OptionList(string name, string text) => text.StartsWith('[') && text.EndsWith(']')
        ? text[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        : throw new CommandException($"{name}: options is no list", "options: [Approve, Reject, Abstain]");

    private static int? Number(string name, Dictionary<string, string> keys, string key) => !keys.TryGetValue(key, out string? text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0 ? value
        : throw new CommandException($"{name}: {key} is no number above 0");

    private static (int Numerator, int Denominator) Fraction(string name, string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], out int numerator) && int.TryParse(parts[1], out int denominator)
            ? (numerator, denominator)
            : throw new CommandException($"{name}: pass is no fraction", "pass: 2/3");
    }

    // Longer than any policy lets a proposal last, and short enough to be added to a date.
    private static TimeSpan Duration(string name, string text)
    {
        const int most = 3650;
        bool good = int.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0;
        double seconds = value * ((good, text.Length > 0 ? text[^1] : ' ') switch
        {
            (true, 's') => 1.0,
            (true, 'm') => 60,
            (true, 'h') => 3600,
            (true, 'd') => 86_400,
            _ => throw new CommandException($"{name}: deadline is no duration", "deadline: 10m"),
        });
        return seconds <= most * 86_400.0 ? TimeSpan.FromSeconds(seconds) : throw new CommandException($"{name}: deadline is more than {most} days", "deadline: 10m");
    }
}

namespace Witan.Cli.Commands.Council;

/// <summary>Times as people say them.</summary>
internal static class Wording
{
    /// <summary>A moment from now: <c>in 4 min</c>, <c>2 h ago</c>.</summary>
    public static string From(DateTimeOffset now, DateTimeOffset moment)
    {
        TimeSpan left = moment - now;
        string length = left.Duration() switch
        {
            { TotalSeconds: < 90 } span => $"{span.TotalSeconds:0} s",
            { TotalMinutes: < 90 } span => $"{span.TotalMinutes:0} min",
            { TotalHours: < 36 } span => $"{span.TotalHours:0} h",
            { } span => $"{span.TotalDays:0} d",
        };
        return left < TimeSpan.Zero ? $"{length} ago" : $"in {length}";
    }

    /// <summary>At most so many characters.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";
}

namespace Witan.Worker;

/// <summary>
/// When a ballot is sent. How long a mind took can say how it decided, so the time of casting must not follow from it: what was decided
/// inside one window is cast at a random moment of the next. An abstention waits as long as a vote.
/// </summary>
public static class CastSchedule
{
    /// <summary>
    /// The moment to cast. <paramref name="fraction"/> is randomness in [0, 1). The first window, for deciding, is at most half of the
    /// time that was left at the start, each later one, for casting, a quarter; a zero window casts at once.
    /// </summary>
    public static DateTimeOffset CastAt(
        DateTimeOffset started, DateTimeOffset decided, DateTimeOffset closeAt, TimeSpan window, double fraction)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fraction, 0, nameof(fraction));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fraction, 1, nameof(fraction));
        long left = Math.Max(0, (closeAt - started).Ticks);
        long deciding = Math.Min(window.Ticks, left / 2), casting = Math.Min(window.Ticks, left / 4);
        if (casting <= 0 || decided >= closeAt)
            return decided;
        long over = (decided - started).Ticks - deciding;
        long windows = over < 0 ? 0 : (over / casting) + 1;
        DateTimeOffset at = started + TimeSpan.FromTicks(deciding + (windows * casting) + (long)(fraction * casting));
        // A mind that took nearly all of the time casts at once rather than late.
        DateTimeOffset latest = closeAt - TimeSpan.FromTicks(casting / 2);
        return at < latest ? at : decided;
    }
}

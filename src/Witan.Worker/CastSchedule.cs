namespace Witan.Worker;

/// <summary>
/// When a ballot is sent. How long a mind took can say how it decided, so the time of casting must not follow from it: what was decided
/// inside one window is cast at a random moment of the next. An abstention waits as long as a vote.
/// </summary>
public static class CastSchedule
{
    /// <summary>
    /// The moment to cast. <paramref name="fraction"/> is randomness in [0, 1). The window is cut so that two of them fit in half of the
    /// time that was left at the start; a zero window casts at once.
    /// </summary>
    public static DateTimeOffset CastAt(
        DateTimeOffset started, DateTimeOffset decided, DateTimeOffset closeAt, TimeSpan window, double fraction)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fraction, 0, nameof(fraction));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fraction, 1, nameof(fraction));
        long most = Math.Max(0, (closeAt - started).Ticks / 4);
        long ticks = Math.Min(window.Ticks, most);
        if (ticks <= 0 || decided >= closeAt)
            return decided;
        long passed = Math.Max(0, (decided - started).Ticks);
        long windows = (passed / ticks) + 1;
        DateTimeOffset at = started + TimeSpan.FromTicks((windows * ticks) + (long)(fraction * ticks));
        // A mind that took nearly all of the time casts at once rather than late.
        DateTimeOffset latest = closeAt - TimeSpan.FromTicks(ticks / 2);
        return at < latest ? at : decided;
    }
}

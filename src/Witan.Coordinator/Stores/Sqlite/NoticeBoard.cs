namespace Witan.Coordinator.Stores.Sqlite;

/// <summary>Notices in memory: the embedded store has one coordinator, which tells itself what it knows.</summary>
internal sealed class NoticeBoard(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Board, string Subject), (Notice Notice, DateTimeOffset Until)> _notices = [];

    public void Post(string board, IReadOnlyList<Notice> notices, TimeSpan life)
    {
        DateTimeOffset until = clock.GetUtcNow() + life;
        lock (_gate)
        {
            foreach (Notice notice in notices)
                _notices[(board, notice.Subject)] = (notice, until);
        }
    }

    public IReadOnlyList<Notice> On(string board)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            foreach ((string, string) dead in _notices.Where(pair => pair.Value.Until <= now).Select(pair => pair.Key).ToArray())
                _notices.Remove(dead);
            return [.. _notices.Where(pair => pair.Key.Board == board).Select(pair => pair.Value.Notice).OrderBy(notice => notice.Subject, StringComparer.Ordinal)];
        }
    }
}

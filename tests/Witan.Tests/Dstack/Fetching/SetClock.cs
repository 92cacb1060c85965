namespace Witan.Tests.Dstack.Fetching;

/// <summary>Says a time that the test sets; its timers run as the system's do.</summary>
internal sealed class SetClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}

using Witan.Agent;

namespace Witan.Worker;

/// <summary>Posts what must arrive before a deadline, again and again, the same bytes each time.</summary>
internal sealed class PatientPost(TimeProvider clock)
{
    /// <summary>
    /// Posts until it is answered, or the time is over; then the last failure is thrown. A coordinator that asks to be left alone is, but never
    /// until after the deadline.
    /// </summary>
    public async Task<TAnswer> SendAsync<TAnswer>(Func<Task<TAnswer>> post, DateTimeOffset until, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await post();
            }
            catch (Exception e) when (clock.GetUtcNow() < until && !cancellationToken.IsCancellationRequested && IsPassing(e))
            {
                // The loop beside this one is admitted again where that is what is missing.
                var pause = TimeSpan.FromMilliseconds(Math.Min(1000, 100 * attempt));
                TimeSpan asked = (e as CoordinatorException)?.RetryAfter ?? TimeSpan.Zero, half = (until - clock.GetUtcNow()) / 2;
                await Task.Delay(asked <= pause || half <= pause ? pause : asked < half ? asked : half, clock, cancellationToken);
            }
        }
    }

    private static bool IsPassing(Exception e) => e is HttpRequestException or TaskCanceledException
        or CoordinatorException { Code: "RECOVERING" or "ENDING" or "STORAGE" or "NOT_ADMITTED" or "TOO_MANY_REQUESTS" or "FULL" or "BUSY" or "GUEST_AGENT" };
}

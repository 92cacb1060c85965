using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Witan.Dstack.Cloud;

/// <summary>
/// Follows the state of a CVM by server-sent events, beside the polls. Where the platform does not offer them, refuses one stream
/// more, breaks off, or falls silent, <see cref="IsLive"/> turns false and the polls ask for the state themselves.
/// </summary>
internal sealed class CvmStateFeed : IAsyncDisposable
{
    private const int MaximumEvent = 64 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<CvmState> _bootError = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private readonly TimeProvider _clock;
    private readonly int _every;
    private volatile CvmState? _latest;
    private volatile bool _live;
    private long _at;

    public CvmStateFeed(PhalaCloudClient cloud, string id, TimeSpan interval, TimeSpan timeout, TimeProvider clock)
    {
        _clock = clock;
        _every = (int)Math.Clamp(interval.TotalSeconds, 5, 30);
        _reading = ReadAsync(cloud.Transport, id, timeout);
    }

    /// <summary>
    /// Events arrive, and <see cref="Latest"/> is the state of now. A connection whose other end has gone without a word looks open for
    /// hours, so an event that is older than three of its intervals counts no more.
    /// </summary>
    public bool IsLive => _live && _latest is not null && _clock.GetElapsedTime(Volatile.Read(ref _at)) < TimeSpan.FromSeconds(3 * _every);

    public CvmState? Latest => _latest;

    /// <summary>Ends as soon as an event carries a boot error; else never.</summary>
    public Task<CvmState> BootError => _bootError.Task;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    // Any end of the stream, good or bad, means that the polls take over. Nothing of it is an error of the watch.
    private async Task ReadAsync(CloudTransport transport, string id, TimeSpan timeout)
    {
        int until = (int)Math.Clamp(timeout.TotalSeconds, 10, 600);
        try
        {
            using HttpRequestMessage request = transport.Request(
                HttpMethod.Get, $"cvms/{CvmId.Segment(id)}/state?target=running&interval={_every}&timeout={until}");
            request.Headers.Accept.Clear();
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            using HttpResponseMessage response = await transport.OpenAsync(request, _stop.Token);
            if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != "text/event-stream")
                return;
            using Stream stream = await response.Content.ReadAsStreamAsync(_stop.Token);
            await foreach (SseItem<CvmState?> item in SseParser.Create(stream, Parse).EnumerateAsync(_stop.Token))
            {
                if (item.EventType is not ("state" or "complete") || item.Data is not { } state)
                    continue;
                Volatile.Write(ref _at, _clock.GetTimestamp());
                _latest = state;
                _live = true;
                if (state.BootError is { Length: > 0 })
                    _bootError.TrySetResult(state);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Broken off: see above.
        }
        finally
        {
            _live = false;
        }
    }

    private static CvmState? Parse(string type, ReadOnlySpan<byte> data)
    {
        if (data.Length > MaximumEvent)
            return null;
        try
        {
            return JsonSerializer.Deserialize(data, CloudJson.Default.CvmState);
        }
        catch (JsonException)
        {
            return null; // an event of another kind
        }
    }
}

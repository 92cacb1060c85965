using System.Net;
using System.Net.Sockets;

namespace Witan.Agent;

/// <summary>
/// Sends requests to the first of several coordinators that answers, and stays with it; what is read of a record or put into it goes to the record's home, so that
/// coordinators of one store do not append to it by turns, and the others need not follow it. A request that fails, or that the coordinator cannot serve now, is not repeated
/// here: the caller knows whether it may be, and finds the next coordinator when it does.
/// </summary>
internal sealed class CoordinatorFailover(IReadOnlyList<Uri> coordinators, HttpMessageHandler inner, TimeProvider clock) : DelegatingHandler(inner)
{
    // One that failed is no home for so long; then it is tried again.
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);
    private readonly long?[] _failedAt = new long?[coordinators.Count];
    private int _current;

    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string? record = coordinators.Count > 1 ? RecordHome.Record(request.RequestUri!) : null;
        int current = record is null ? Volatile.Read(ref _current) : RecordHome.Of(record, coordinators, IsAway);
        Uri coordinator = coordinators[current];
        request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = coordinator.Scheme, Host = coordinator.Host, Port = coordinator.Port }.Uri;
        // Nothing about a record waits at the coordinator: a home that is there and does not answer, a process that was stopped, is as good as away.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (record is not null)
            patience.CancelAfter(AnswerWithin);
        try
        {
            HttpResponseMessage response = await base.SendAsync(request, patience.Token);
            // A home may not have heard of the agent's admission yet: that reaches it by way of the store.
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable || (record is not null && response.StatusCode == HttpStatusCode.Unauthorized))
                MoveOn(current);
            return response;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            // A time that has run out, for a connection or an answer, comes as a cancellation too.
            MoveOn(current);
            if (e is OperationCanceledException && patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                throw new HttpRequestException($"{coordinator.Authority} gave no answer for {AnswerWithin.TotalSeconds:0} s", e);
            if (e is HttpRequestException or OperationCanceledException)
                throw;
            // A peer that dies between the handshake and the request is told by the socket itself.
            throw new HttpRequestException($"{coordinator.Authority}: {e.Message}", e);
        }
    }

    private bool IsAway(int coordinator)
    {
        lock (_failedAt)
            return _failedAt[coordinator] is { } at && clock.GetElapsedTime(at) < AwayFor;
    }

    // Only the first of several that fail together moves on.
    private void MoveOn(int failed)
    {
        lock (_failedAt)
            _failedAt[failed] = clock.GetTimestamp();
        Interlocked.CompareExchange(ref _current, (failed + 1) % coordinators.Count, failed);
    }
}

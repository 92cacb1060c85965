using System.Net;
using System.Net.Sockets;

namespace Witan.Agent;

/// <summary>
/// Sends requests to the first of several coordinators that answers, and stays with it. A request that fails, or that the coordinator cannot
/// serve now, is not repeated here: the caller knows whether it may be, and finds the next coordinator when it does.
/// </summary>
internal sealed class CoordinatorFailover(IReadOnlyList<Uri> coordinators, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private int _current;

    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int current = Volatile.Read(ref _current);
        Uri coordinator = coordinators[current];
        request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = coordinator.Scheme, Host = coordinator.Host, Port = coordinator.Port }.Uri;
        try
        {
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                MoveOn(current);
            return response;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            // A time that has run out, for a connection or an answer, comes as a cancellation too.
            MoveOn(current);
            if (e is HttpRequestException or OperationCanceledException)
                throw;
            // A peer that dies between the handshake and the request is told by the socket itself.
            throw new HttpRequestException($"{coordinator.Authority}: {e.Message}", e);
        }
    }

    // Only the first of several that fail together moves on.
    private void MoveOn(int current) => Interlocked.CompareExchange(ref _current, (current + 1) % coordinators.Count, current);
}

namespace Witan.Dstack.Simulator;

/// <summary>What answers on one listening socket. Routes are those of the real agent; the address of <c>--listen</c> has them all.</summary>
internal sealed class AgentEndpoint(SimulatedCvm machine, Version version, SimulatorService? service)
{
    private readonly AgentService? _guest = service is null or SimulatorService.Guest or SimulatorService.GuestAndTappd ? GuestService.Of(version) : null;
    private readonly AgentService? _tappd = service is null or SimulatorService.Tappd or SimulatorService.GuestAndTappd ? TappdService.Of(version) : null;
    private readonly AgentService? _worker = service is null ? WorkerService.Of(version) : null;

    public SimulatedCvm Machine => machine;

    /// <summary>The version, where it is to be said in a header: on the public address.</summary>
    public string? VersionHeader { get; } = service is null ? version.ToString(3) : null;

    /// <summary>
    /// The method at a path. False where the agent has no such route at all; a route without a method there is null.
    /// </summary>
    public bool TryRoute(string path, out AgentMethod? method)
    {
        method = null;
        const string prpc = "/prpc/";
        AgentService? routed = _guest;
        ReadOnlySpan<char> segment = path.AsSpan(Math.Min(1, path.Length));
        if (path.StartsWith(prpc, StringComparison.Ordinal))
        {
            segment = path.AsSpan(prpc.Length);
            routed = segment.StartsWith("Worker.") ? _worker : _tappd;
        }

        if (routed is null || segment.IsEmpty || segment.Contains('/'))
            return false;
        // The public service is found without its prefix too.
        method = routed.Find(segment.ToString(), version) ?? (routed == _tappd ? _worker?.Find(segment.ToString(), version) : null);
        return true;
    }
}

namespace Witan.Dstack.Cloud;

/// <summary>One look at a deployment, from the machine inwards, and what earlier looks have found.</summary>
internal sealed record EndpointPoll(
    PhalaCloudClient Cloud,
    IEndpointProbe Probe,
    IEndpointEvidence Evidence,
    string CvmId,
    EndpointExpectation Expected,
    EndpointWatchOptions Options)
{
    public CvmState? State { get; init; }

    public Uri? Endpoint { get; init; }

    public EndpointEvidenceResult? Judgement { get; init; }

    public string Detail { get; init; } = "nothing was seen yet";

    public EndpointPoll AfterBootError(CvmState state) => this with { State = state, Detail = $"it could not boot: {state.BootError}" };

    /// <summary>Looks once. The outcome is null while there is something to wait for.</summary>
    /// <exception cref="CloudApiException">The API refused; transient refusals are the caller's to wait for.</exception>
    public async Task<(EndpointPoll Poll, EndpointWatchOutcome? Outcome)> RunAsync(CvmState? fed, CancellationToken cancellationToken)
    {
        CvmState? state = fed ?? await Cloud.GetStateAsync(CvmId, cancellationToken);
        if (state is null)
        {
            // A new machine may have no state yet. That it is gone, and costs nothing more, is said only where it is not listed either.
            return await Cloud.FindOnceAsync(CvmId, cancellationToken) is null
                ? (this with { Detail = $"there is no CVM {CvmId} any more" }, EndpointWatchOutcome.Gone)
                : (this with { Detail = "the platform does not tell the machine's state yet" }, null);
        }

        if (state.BootError is { Length: > 0 })
            return (AfterBootError(state), EndpointWatchOutcome.BootFailed);
        EndpointPoll seen = this with { State = state };
        if (!state.IsRunning)
        {
            string progress = state.BootProgress is { Length: > 0 } at ? $" ({at})" : "";
            return (seen with { Detail = $"the machine is {state.Status ?? "in an unknown state"}{progress}" }, null);
        }

        seen = seen with { Endpoint = Endpoint ?? await FindEndpointAsync(cancellationToken) };
        return seen.Endpoint is null
            ? (seen with { Detail = "the machine runs; its endpoint has no address yet" }, null)
            : await seen.AskEndpointAsync(seen.Endpoint, cancellationToken);
    }

    private async Task<(EndpointPoll Poll, EndpointWatchOutcome? Outcome)> AskEndpointAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        if (await Probe.ProbeAsync(new Uri(endpoint.AbsoluteUri.TrimEnd('/') + Options.Path), cancellationToken) is { } problem)
            return (this with { Detail = problem }, null);
        EndpointEvidenceResult judgement = await Evidence.VerifyAsync(endpoint, Expected, cancellationToken);
        return (
            this with { Judgement = judgement, Detail = judgement.Summary },
            judgement.Outcome switch
            {
                EndpointEvidenceOutcome.Verified => EndpointWatchOutcome.Ready,
                EndpointEvidenceOutcome.Rejected => EndpointWatchOutcome.EvidenceRejected,
                _ => null,
            });
    }

    // What the platform names first; else built from the app id and the gateway's domain, as it builds them itself.
    private async Task<Uri?> FindEndpointAsync(CancellationToken cancellationToken)
    {
        CvmNetwork? network = await Cloud.GetNetworkAsync(CvmId, cancellationToken);
        if (Choose(network?.PublicUrls) is { } named)
            return named;
        CvmInfo? info = await Cloud.FindOnceAsync(CvmId, cancellationToken);
        if (Choose(info?.Endpoints ?? info?.PublicUrls) is { } listed)
            return listed;
        string? domain = info?.Gateway?.BaseDomain;
        string port = Options.Port is null or 80 ? "" : $"-{Options.Port}";
        return domain is not null && info?.AppId is not null && Uri.TryCreate($"https://{info.AppId}{port}.{domain}", UriKind.Absolute, out Uri? built)
            ? built
            : null;
    }

    private Uri? Choose(IReadOnlyList<CvmEndpoint>? endpoints)
    {
        foreach (CvmEndpoint endpoint in endpoints ?? [])
        {
            if (Uri.TryCreate(endpoint.App, UriKind.Absolute, out Uri? address)
                && (address.Scheme is "https" or "http") && HasPort(address))
                return address;
        }

        return null;
    }

    // The port is part of the first label: APPID-3000.gateway.example.
    private bool HasPort(Uri address)
    {
        if (Options.Port is not { } port)
            return true;
        string label = address.Host.Split('.')[0];
        return address.Port == port || label.EndsWith($"-{port}", StringComparison.Ordinal) || (port == 80 && !label.Contains('-', StringComparison.Ordinal));
    }
}

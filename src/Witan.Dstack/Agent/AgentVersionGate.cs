namespace Witan.Dstack;

/// <summary>
/// What versions of the guest OS can do. The agent tells its version since 0.5.7; one that does not answer is older. Asked once
/// where the answer is needed before a call, and after a refusal to say why.
/// </summary>
internal sealed class AgentVersionGate(Func<CancellationToken, Task<VersionResponse>> ask)
{
    public static readonly Version WithVersion = new(0, 5, 7);
    public static readonly Version WithGpuInfo = new(0, 6);
    public static readonly Version WithoutEmitEvent = new(0, 6);
    private VersionResponse? _known;

    /// <summary>Runs a call that a version introduced. A refusal by an older agent becomes a sentence about its version.</summary>
    public async Task<T> SinceAsync<T>(string what, Version since, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (DstackRefusedException refusal)
        {
            VersionResponse? version = await FindAsync(cancellationToken);
            if (version is null || version.Number < since)
                throw TooOld(what, since, version, refusal);
            throw;
        }
    }

    /// <summary>Demands a version before a call whose new fields an older agent would silently ignore.</summary>
    public async Task RequireAsync(string what, Version since, CancellationToken cancellationToken)
    {
        VersionResponse? version = await FindAsync(cancellationToken);
        if (version is null || version.Number < since)
            throw TooOld(what, since, version, null);
    }

    /// <summary>Demands an agent from before a version in which a method was removed.</summary>
    public async Task RequireBeforeAsync(string what, Version removed, CancellationToken cancellationToken)
    {
        VersionResponse? version = await FindAsync(cancellationToken);
        if (version?.Number >= removed)
            throw new DstackVersionException($"{what} was removed in dstack OS {removed}; this agent is {version.Version}");
    }

    private async Task<VersionResponse?> FindAsync(CancellationToken cancellationToken)
    {
        if (_known is not null)
            return _known;
        try
        {
            return _known = await ask(cancellationToken);
        }
        catch (DstackRefusedException)
        {
            return null;
        }
    }

    private static DstackVersionException TooOld(string what, Version since, VersionResponse? version, Exception? inner) => new(
        $"{what} needs dstack OS {since} or later: OS version too old; this agent "
        + (version is null ? "does not tell its version, so it is from before 0.5.7" : $"is {version.Version}"),
        inner);
}

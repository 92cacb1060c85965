namespace Witan.Cli.Commands.Up;

/// <summary>What <c>witan up</c> was asked for.</summary>
internal sealed record UpSettings(
    int Workers, int Trustees, bool Simulated, string? Propose, bool Once, string Out, int Port, string? Profiles, bool Json, string Settlement)
{
    /// <summary>The highest first port: each worker listens on one after it, or, with simulated machines, on a socket.</summary>
    public int LastFirstPort => 65535 - (Simulated ? 0 : Workers);

    /// <summary>Of the workers that were started, more than half must be there: one that is lost does not stop the others.</summary>
    public int FewestWorkers => (Workers / 2) + 1;
}

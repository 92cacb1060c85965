namespace Witan.Cli.Commands.Up;

/// <summary>What <c>witan up</c> was asked for.</summary>
internal sealed record UpSettings(
    int Workers, int Trustees, bool Simulated, string? Propose, bool Once, string Out, int Port, string? Profiles, bool Json);

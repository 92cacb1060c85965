using System.CommandLine;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary><c>witan collateral</c>: what Intel says of platforms, fetched, shown, and packed for a place without a network.</summary>
public static class CollateralCommand
{
    public static Command Create(Terminal terminal) => new("collateral", "Fetch, show and pack what Intel says of a platform.")
    {
        CollateralFetchCommand.Create(terminal), CollateralShowCommand.Create(terminal), CollateralPackCommand.Create(terminal),
    };
}

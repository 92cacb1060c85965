using System.CommandLine;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Compose;

/// <summary><c>witan compose</c>: work on compose files before they are deployed.</summary>
public static class ComposeCommand
{
    public static Command Create(Terminal terminal) =>
        new("compose", "Check a compose file for a CVM, and print what the platform will measure.")
        {
            ComposeCheckCommand.Create(terminal),
        };
}

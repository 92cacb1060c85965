using Witan.Dstack.ComposeCheck;

namespace Witan.Cli.Commands.Compose;

/// <summary>One file that was checked: what was found, whether it was corrected, and the envelope that a guest would measure.</summary>
internal sealed record CheckedFile(ComposeInput Input, ComposeReport Report, bool Changed, byte[] Envelope)
{
    public string ComposeHash { get; } = Convert.ToHexStringLower(Witan.Dstack.Compose.ComposeHash.OfFile(Envelope));
}

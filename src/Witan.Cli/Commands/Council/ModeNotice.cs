using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary>
/// Says once, beside the output, that the coordinator runs in LOCAL_MODE or on simulated evidence, as the mark of its answers tells. The words are
/// this program's own: a coordinator chooses nothing that reaches the terminal.
/// </summary>
internal sealed class ModeNotice(Terminal terminal) : DelegatingHandler
{
    private bool _said;

    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (!_said && response.Headers.TryGetValues("Witan-Mark", out IEnumerable<string>? marks))
        {
            string[] given = [.. marks];
            foreach (ExecutionMode mode in Enum.GetValues<ExecutionMode>().Where(mode => mode.Mark() is { } mark && given.Contains(mark, StringComparer.Ordinal)))
            {
                _said = true;
                await terminal.Error.WriteLineAsync($"{terminal.Warning("!")} {mode.Warning()}");
            }
        }

        return response;
    }
}

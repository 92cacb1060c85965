using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary>The options that lead to a coordinator, and the way of its refusals to an exit code.</summary>
internal sealed class CouncilConnection
{
    private readonly Option<Uri> _coordinator = CoordinatorOption.Create();
    private readonly Option<string?> _authority = CoordinatorOption.Authority();

    public void AddTo(Command command)
    {
        command.Options.Add(_coordinator);
        command.Options.Add(_authority);
    }

    /// <summary>Opens the connection. What mode the coordinator runs in is said on <paramref name="terminal"/> where it is not production.</summary>
    public HttpClient Open(ParseResult parsed, Terminal terminal)
    {
        try
        {
            return CoordinatorHttp.Create(parsed.GetValue(_coordinator)!, parsed.GetValue(_authority), TimeSpan.FromSeconds(30), new ModeNotice(terminal));
        }
        catch (SettingException e)
        {
            throw new CommandException(e.Message, e.Hint);
        }
    }

    /// <summary>Gets a value that must be there.</summary>
    public static Task<T> GetAsync<T>(HttpClient http, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class => CallAsync(http, async client => await client.GetAsync(path, type, cancellationToken)
            ?? throw new CommandException($"the coordinator at {http.BaseAddress} knows nothing of {path}", "witan proposals lists what it has", ExitCode.Rejected));

    /// <summary>Calls; refusals and silence become one line and an exit code.</summary>
    public static async Task<T> CallAsync<T>(HttpClient http, Func<CoordinatorClient, Task<T>> call)
    {
        try
        {
            return await call(new CoordinatorClient(http, null, TimeProvider.System));
        }
        catch (CoordinatorException e)
        {
            bool later = (int)e.Status is 429 or >= 500;
            throw new CommandException(
                $"the coordinator {(later ? "cannot answer now" : "refused")}: {e.Message} ({e.Code})", later ? "try again" : null, later ? ExitCode.Undecided : ExitCode.Rejected);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.InvalidResponse)
        {
            throw new CommandException($"{http.BaseAddress} answers, and not as a coordinator does: {e.Message}", "is it a coordinator's address, and of this version?", ExitCode.Undecided);
        }
        catch (HttpRequestException e)
        {
            throw new CommandException(
                $"the coordinator at {http.BaseAddress} does not answer: {e.Message}", "is it running? witan up starts one", ExitCode.Undecided);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new CommandException($"the coordinator at {http.BaseAddress} does not answer in time", "try again", ExitCode.Undecided);
        }
    }

    /// <summary>The proposal of an id.</summary>
    public static async Task<ProposalSummary> GetProposalAsync(HttpClient http, Digest id, CancellationToken cancellationToken) =>
        RequireSame(await GetAsync(http, $"v1/proposals/{id}", WireJson.Default.ProposalSummary, cancellationToken), id);

    /// <summary>Refuses an answer about another proposal: all that follows would be true, and said of the wrong one.</summary>
    public static ProposalSummary RequireSame(ProposalSummary answer, Digest asked) => answer.Id == asked
        ? answer
        : throw new CommandException(
            $"the coordinator answers about proposal {answer.Id}; {asked} was asked for", "nothing of its answer is taken: ask another coordinator, or audit a record that you have", ExitCode.Rejected);

    /// <summary>The proposal of an id, or of the beginning of one that fits no other.</summary>
    public static async Task<ProposalSummary> FindAsync(HttpClient http, string id, CancellationToken cancellationToken)
    {
        if (id.Length is < 4 or > 64 || !id.All(char.IsAsciiHexDigitLower))
            throw new CommandException($"{id} is no proposal's id", "4 to 64 lower-case hexadecimal digits: witan proposals lists them");
        if (id.Length == 64)
            return await GetProposalAsync(http, Digest.Parse(id), cancellationToken);
        ProposalSummary[] found =
        [
            .. (await GetAsync(http, "v1/proposals", WireJson.Default.IReadOnlyListProposalSummary, cancellationToken))
                .Where(proposal => proposal.Id.ToString().StartsWith(id, StringComparison.Ordinal)),
        ];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new CommandException($"no proposal begins with {id}", "witan proposals lists them", ExitCode.Rejected),
            _ => throw new CommandException($"{found.Length} proposals begin with {id}", "give more digits"),
        };
    }
}

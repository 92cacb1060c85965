using System.Text.Json.Serialization;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary><c>witan.proposal/1</c>: one proposal.</summary>
internal sealed record ProposalJson(
    string Schema, string Id, string Title, string State, long Events, int Roster, int Ballots, int Partials, string? Decision, DateTimeOffset CloseAt, string Waiting, string Mark)
{
    public static ProposalJson Of(ProposalSummary proposal) => new(
        "witan.proposal/1", proposal.Id.ToString(), proposal.Title, proposal.State.ToString(), proposal.Size, proposal.Roster, proposal.Ballots,
        proposal.Partials, proposal.Decision?.ToString(), proposal.CloseAt, proposal.Waiting, proposal.Mark);
}

/// <summary><c>witan.proposals/1</c>: a list, newest first.</summary>
internal sealed record ProposalsJson(string Schema, IReadOnlyList<ProposalJson> Proposals);

/// <summary>One agent of <c>witan.agents/1</c>.</summary>
internal sealed record AgentJson(string Id, string Did, string Role, string Name, int? ConfidenceLevel, DateTimeOffset ExpiresAt, bool Present, bool Revoked);

/// <summary><c>witan.agents/1</c>: workers or trustees.</summary>
internal sealed record AgentsJson(string Schema, IReadOnlyList<AgentJson> Agents);

/// <summary><c>witan.revocations/1</c>: what is not trusted any more.</summary>
internal sealed record RevocationsJson(string Schema, IReadOnlyList<RevocationJson> Revocations);

/// <summary>One entry of <c>witan.revocations/1</c>.</summary>
internal sealed record RevocationJson(string Kind, string Value, string Reason, DateTimeOffset At, string Requester);

/// <summary>What these commands print with <c>--json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ProposalJson))]
[JsonSerializable(typeof(ProposalsJson))]
[JsonSerializable(typeof(AgentsJson))]
[JsonSerializable(typeof(RevocationsJson))]
internal sealed partial class CouncilJson : JsonSerializerContext;

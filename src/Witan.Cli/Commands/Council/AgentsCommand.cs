using System.CommandLine;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary><c>witan workers</c> and <c>witan trustees</c>: who was admitted, on what, and who is here.</summary>
public static class AgentsCommand
{
    public static Command Workers(Terminal terminal) => Create(terminal, AgentRole.Worker, "workers");

    public static Command Trustees(Terminal terminal) => Create(terminal, AgentRole.Trustee, "trustees");

    private static Command Create(Terminal terminal, AgentRole role, string name)
    {
        var connection = new CouncilConnection();
        var present = new Option<bool>("--present") { Description = "only those that are here now" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.agents/1)" };
        var command = new Command(name, $"The {name} that a coordinator admitted.") { present, json };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            AgentSummary[] agents =
            [
                .. (await CouncilConnection.GetAsync(http, "v1/agents", WireJson.Default.IReadOnlyListAgentSummary, token))
                    .Where(agent => agent.Role == role && (agent.IsPresent || !parsed.GetValue(present))).OrderBy(agent => agent.Name, StringComparer.Ordinal),
            ];
            if (parsed.GetValue(json))
                await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(Json(agents), CouncilJson.Default.AgentsJson));
            else
                Write(terminal, name, agents, TimeProvider.System.GetUtcNow());
            return ExitCode.Good;
        });
        return command;
    }

    private static AgentsJson Json(AgentSummary[] agents) => new("witan.agents/1", [.. agents.Select(agent => new AgentJson(
        agent.Agent.ToString(), agent.Did, agent.Role.ToString(), agent.Name, agent.ConfidenceLevel > 0 ? agent.ConfidenceLevel : null, agent.ExpiresAt,
        agent.IsPresent, agent.IsRevoked))]);

    private static void Write(Terminal terminal, string name, AgentSummary[] agents, DateTimeOffset now)
    {
        if (agents.Length == 0)
        {
            terminal.Error.WriteLine($"no {name} were admitted");
            return;
        }

        var table = new Table("NAME", "STATE", "TIER", "ATTESTATION", "IDENTITY");
        foreach (AgentSummary agent in agents)
        {
            string state = agent.IsRevoked ? "revoked" : agent.ExpiresAt <= now ? "expired" : agent.IsPresent ? "here" : "away";
            table.Add(Wording.Cut(agent.Name, 30), state, agent.ConfidenceLevel > 0 ? $"{agent.ConfidenceLevel}" : "none", $"ends {Wording.From(now, agent.ExpiresAt)}", agent.Did);
        }

        table.Write(terminal);
        if (agents.All(agent => agent.ConfidenceLevel == 0))
            terminal.Out.WriteLine(terminal.Doubt("no tier: admitted without evidence (LOCAL_MODE)"));
    }
}

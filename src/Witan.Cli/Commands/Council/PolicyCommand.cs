using System.CommandLine;
using System.Text.Json;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Council;

/// <summary><c>witan policy</c>: the rules in force, rules in a file, and what is not trusted any more.</summary>
public static class PolicyCommand
{
    public static Command Create(Terminal terminal)
    {
        var connection = new CouncilConnection();
        var json = new Option<bool>("--json") { Description = "print the policy's file (witan.council-policy/1): it can be edited and given to a coordinator" };
        var command = new Command("policy", "The policy that a coordinator admits and decides by.")
        {
            json, Check(terminal), RevokeCommand.Create(terminal), RevokeCommand.List(terminal),
        };
        connection.AddTo(command);
        command.SetAction(async (parsed, token) =>
        {
            using HttpClient http = connection.Open(parsed, terminal);
            CouncilPolicy policy = await CouncilConnection.CallAsync(http, client => client.GetPolicyAsync(token));
            await WriteAsync(terminal, policy, parsed.GetValue(json));
            return ExitCode.Good;
        });
        return command;
    }

    private static Command Check(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "phala, phala-docs, strict, or a policy file (witan.council-policy/1)" };
        var json = new Option<bool>("--json") { Description = "print it in full, defaults included" };
        var command = new Command("check", "Read a policy, say what is wrong with it, and print its hash.") { file, json };
        command.SetAction(async (parsed, _) =>
        {
            CouncilPolicy policy;
            try
            {
                policy = PolicySettings.Read(parsed.GetValue(file)!);
            }
            catch (SettingException e)
            {
                throw new CommandException(e.Message, e.Hint, e.InnerException is null ? ExitCode.Rejected : ExitCode.Usage);
            }

            await WriteAsync(terminal, policy, parsed.GetValue(json));
            return ExitCode.Good;
        });
        return command;
    }

    private static async Task WriteAsync(Terminal terminal, CouncilPolicy policy, bool json)
    {
        if (json)
        {
            await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(policy, PolicyJson.Default.CouncilPolicy));
            return;
        }

        var table = new Table("RULE", "VALUE");
        table.Add("name", policy.Name);
        table.Add("hash", policy.Hash().ToString());
        table.Add("appraisal", $"{policy.Appraisal}, worst tier {policy.WorstLevel}");
        table.Add("attestation", $"ends after {policy.AttestationMilliseconds / 3_600_000.0:0.##} h");
        table.Add("roster", $"{policy.MinimumWorkers} to {policy.MaximumWorkers} workers, {(policy.InstancesPerPlatform == 0 ? "any number" : $"at most {policy.InstancesPerPlatform}")} of one platform");
        table.Add("trustees", $"at least {policy.MinimumTrustees}; more than half of them open a sum");
        table.Add("turnout", $"at least {policy.TurnoutPercent} percent of the smallest roster");
        table.Add("anonymity", $"no sum of fewer than {policy.MinimumAnonymity} ballots is opened");
        table.Add("pass rule", $"more than {policy.PassNumerator}/{policy.PassDenominator} of the votes that are no abstentions");
        table.Add("longest", $"{policy.LongestMilliseconds / 86_400_000.0:0.##} d from creation to close");
        table.Add("revoked workers", policy.RevokedMayFinish ? "may finish proposals whose roster has them" : "are out at once");
        (string Name, IReadOnlyList<string> Values)[] lists =
        [
            ("MRTD", policy.MrTd), ("OS images", policy.OsImageHashes), ("coordinators", policy.CoordinatorComposeHashes), ("workers", policy.WorkerComposeHashes),
            ("trustees run", policy.TrusteeComposeHashes), ("key providers", policy.KeyProviders), ("platforms", policy.Platforms),
        ];
        foreach ((string name, IReadOnlyList<string> values) in lists)
            table.Add(name, values.Count == 0 ? "any" : string.Join(' ', values));
        if (policy.RevokedMrTd.Count > 0)
            table.Add("revoked MRTD", string.Join(' ', policy.RevokedMrTd));
        foreach ((string did, int weight) in policy.Weights)
            table.Add("weight", $"{weight} for {did}");
        table.Write(terminal);
    }
}

using Witan.Agent;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>Runs a trustee: outbound only, it watches the records it has a part in.</summary>
public static class TrusteeHost
{
    // Something may be due again without anybody's word: a refusal for being too early, a coordinator that was not trusted.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    /// <summary>Runs until told to stop. Throws where it cannot start.</summary>
    public static async Task RunAsync(AgentOptions options, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        using AgentProgram program = await AgentProgram.StartAsync(options, AgentRole.Trustee, log, clock, cancellationToken);
        await program.LogSettingsAsync([], []);
        CouncilPolicy policy = PolicySettings.Read(options.Policy);
        var vault = new TrusteeVault(program.Secrets, options.State);
        var desks = new Dictionary<Digest, TrusteeDesk>();
        var said = new Dictionary<Digest, string>();
        long seen = 0;
        await program.RunAsync(AgentRole.Trustee, "", async token =>
        {
            int wait = desks.Count == 0 ? 20_000 : (int)Again.TotalMilliseconds;
            TrusteeTaskPage page = await program.Client.GetAsync(
                $"v1/trustee-tasks?seen={seen}&wait={wait}", WireJson.Default.TrusteeTaskPage, token)
                ?? throw new HttpRequestException("the coordinator gave no tasks");
            foreach (TrusteeTask task in page.Tasks)
            {
                if (!desks.TryGetValue(task.Proposal, out TrusteeDesk? desk))
                    desks[task.Proposal] = desk = new TrusteeDesk(program, vault, policy, task.Proposal, clock);
                await StepAsync(program, desk, task.Proposal, said, token);
            }

            foreach (Digest done in desks.Keys.Except(page.Tasks.Select(task => task.Proposal)).ToArray())
            {
                // How it ended is seen too: a published decision is not taken back by an older disk.
                await StepAsync(program, desks[done], done, said, token);
                desks.Remove(done);
                said.Remove(done);
            }

            seen = page.Version;
        }, cancellationToken);
    }

    // One proposal that cannot go on must not hold up the others.
    private static async Task StepAsync(AgentProgram program, TrusteeDesk desk, Digest proposal, Dictionary<Digest, string> said, CancellationToken cancellationToken)
    {
        try
        {
            await desk.StepAsync(cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or CoordinatorException { Code: not "NOT_ADMITTED" })
        {
            if (said.GetValueOrDefault(proposal) != e.Message)
                await program.LogAsync($"proposal {proposal.Short()}: {e.Message}");
            said[proposal] = e.Message;
        }
        catch (Exception e) when (e is not (OperationCanceledException or HttpRequestException or CoordinatorException or DstackException or IOException or UnauthorizedAccessException))
        {
            // Whoever finds a record that this program does not foresee must not end it for all others.
            string fault = e.ToString();
            if (said.GetValueOrDefault(proposal) != fault)
                await program.LogAsync($"proposal {proposal.Short()}: internal fault: {fault}");
            said[proposal] = fault;
        }
    }
}

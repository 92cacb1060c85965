using Witan.Agent;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>Runs a trustee: outbound only, it watches the records it has a part in.</summary>
public static class TrusteeHost
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Runs until told to stop. Throws where it cannot start.</summary>
    public static async Task RunAsync(AgentOptions options, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        using AgentProgram program = await AgentProgram.StartAsync(options, AgentRole.Trustee, log, clock, cancellationToken);
        var vault = new TrusteeVault(program.Secrets, options.State);
        var desks = new Dictionary<Digest, TrusteeDesk>();
        await program.RunAsync(AgentRole.Trustee, "", async token =>
        {
            foreach (ProposalSummary proposal in await program.Client.GetAsync("v1/proposals", WireJson.Default.IReadOnlyListProposalSummary, token) ?? [])
            {
                if (!desks.TryGetValue(proposal.Id, out TrusteeDesk? desk))
                    desks[proposal.Id] = desk = new TrusteeDesk(program, vault, proposal.Id);
                if (!desk.IsDone)
                    await desk.StepAsync(token);
            }

            await Task.Delay(Pause, clock, token);
        }, cancellationToken);
    }
}

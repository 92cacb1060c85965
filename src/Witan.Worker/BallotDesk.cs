using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;
using Witan.Worker.Deliberation;

namespace Witan.Worker;

/// <summary>
/// Takes tasks from their beginning to their receipt, several proposals at once. The ballot is stored before it is sent: a
/// worker that is restarted, or asked twice, sends the same bytes. The vote itself is stored nowhere but inside the sealed
/// reasoning, and nothing that is logged depends on it.
/// </summary>
public sealed class BallotDesk(AgentProgram program, IDeliberator deliberator, TimeProvider clock)
{
    private const int MinimumReasoning = 32 * 1024;
    private readonly ConcurrentDictionary<Digest, bool> _running = new();
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(program.Options.State, "ballots")).FullName;

    /// <summary>Begins to vote on a proposal, in the background. Safe to call twice.</summary>
    public void Start(Digest proposal, CancellationToken cancellationToken)
    {
        if (_running.TryAdd(proposal, true))
            _ = ExecuteAsync(proposal, cancellationToken);
    }

    private async Task ExecuteAsync(Digest proposal, CancellationToken cancellationToken)
    {
        try
        {
            var replica = new RecordReplica(program.Client, proposal, program.Coordinator);
            if (await replica.AdvanceAsync(cancellationToken) is not { State: ProposalState.Voting } state || !state.Roster.ContainsKey(program.Secrets.Keys.AgentId))
                return;
            if (!program.Checkpoints.IsIn(proposal, replica.Events))
                throw new InvalidDataException("its record is shorter or other than what this worker saw before");
            Ballot ballot = Load(proposal) ?? await DecideAsync(state, cancellationToken);
            await CastAsync(state, ballot, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or CoordinatorException or InvalidDataException or OperationCanceledException or IOException)
        {
            // The lease brings the task again.
            if (!cancellationToken.IsCancellationRequested)
                await program.LogAsync($"proposal {proposal.Short()}: {e.Message}");
        }
        catch (Exception e)
        {
            await program.LogAsync($"proposal {proposal.Short()}: internal fault: {e}");
        }
        finally
        {
            _running.TryRemove(proposal, out _);
        }
    }

    private async Task<Ballot> DecideAsync(RecordState state, CancellationToken cancellationToken)
    {
        await program.LogAsync($"proposal {state.ProposalId.Short()}: deliberating ({deliberator.Description})");
        Opinion opinion = await deliberator.DeliberateAsync(state.Body, cancellationToken);
        Digest deliberation = Keep(state.ProposalId, opinion);
        Ballot ballot = BallotBuilder.Create(
            state.BallotContext, program.Secrets.Keys, program.Secrets.SigningSeed, opinion.Option, deliberation, P256Scalar.Random);
        DurableFile.Write(BallotPath(state.ProposalId), JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot));
        return ballot;
    }

    private async Task CastAsync(RecordState state, Ballot ballot, CancellationToken cancellationToken)
    {
        Digest proposal = state.ProposalId;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                CastAnswer answer = await program.Client.PostAsync(
                    $"v1/proposals/{proposal}/ballots", ballot, WireJson.Default.Ballot, WireJson.Default.CastAnswer, cancellationToken);
                await TakeAsync(proposal, ballot, answer);
                return;
            }
            catch (Exception e) when (clock.GetUtcNow() < state.Body.CloseAt && !cancellationToken.IsCancellationRequested
                && e is HttpRequestException or TaskCanceledException or CoordinatorException { Code: "RECOVERING" or "ENDING" or "STORAGE" or "NOT_ADMITTED" })
            {
                // The loop beside this one is admitted again where that is what is missing.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2000, 100 * attempt)), clock, cancellationToken);
            }
        }
    }

    // A receipt and a signed refusal are both kept: each is a complaint in waiting.
    private async Task TakeAsync(Digest proposal, Ballot ballot, CastAnswer answer)
    {
        Digest coordinator = program.Coordinator;
        bool good = (answer.Receipt, answer.Refusal) switch
        {
            ({ } receipt, null) => receipt.IsSignedBy(coordinator) && receipt.Ballot == ballot.Hash() && receipt.Proposal == proposal,
            (null, { } refusal) => refusal.IsSignedBy(coordinator) && refusal.Ballot == ballot.Hash() && refusal.Proposal == proposal,
            _ => false,
        };
        if (!good)
            throw new InvalidDataException("the coordinator's answer is neither a receipt nor a refusal for this ballot");
        DurableFile.Write(Path.Combine(_folder, $"{proposal}.answer.json"), JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.CastAnswer));
        program.Note(answer.Checkpoint);
        await program.LogAsync(answer.Receipt is { } taken
            ? $"proposal {proposal.Short()}: ballot in the record at position {taken.Sequence}"
            : $"proposal {proposal.Short()}: the ballot was refused: {answer.Message}");
    }

    // Reasons are sealed under the worker's own key and padded, so that neither file nor hash says how it voted.
    private Digest Keep(Digest proposal, Opinion opinion)
    {
        byte[] text = Encoding.UTF8.GetBytes(opinion.Reasoning);
        byte[] padded = new byte[Math.Max(MinimumReasoning, text.Length)];
        text.CopyTo(padded, 0);
        byte[] file = new SealedFile(program.Secrets, Path.Combine(_folder, $"{proposal}.reasons.sealed"), $"reasons/{proposal}").Write(padded);
        CryptographicOperations.ZeroMemory(padded);
        return new CanonicalWriter(DomainTags.Deliberation)
            .Bytes(proposal.Bytes).Bytes(RandomNumberGenerator.GetBytes(32)).Bytes(SHA256.HashData(file)).Hash();
    }

    private Ballot? Load(Digest proposal)
    {
        string path = BallotPath(proposal);
        if (DurableFile.Read(path) is not { } bytes)
            return null;
        return StrictJson.TryRead(bytes, WireJson.Default.Ballot, out Ballot? ballot, out string? problem)
            ? ballot
            : throw new InvalidDataException($"{path} is damaged ({problem}); a second, different ballot would be held against this worker, so none is made");
    }

    private string BallotPath(Digest proposal) => Path.Combine(_folder, $"{proposal}.json");
}

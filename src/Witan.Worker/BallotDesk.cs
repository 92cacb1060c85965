using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;

namespace Witan.Worker;

/// <summary>
/// Takes tasks from their beginning to their receipt, several proposals at once: the record says whether to argue or to vote. The
/// ballot is stored before it is sent: a worker that is restarted, or asked twice, sends the same bytes. The vote itself is stored
/// nowhere but inside the sealed reasoning, and nothing that is logged depends on it.
/// </summary>
public sealed class BallotDesk
{
    private static readonly TimeSpan[] s_pauses = [.. new[] { 0.3, 0.6, 1.2, 2.4, 4.8 }.Select(TimeSpan.FromSeconds)];
    private readonly ConcurrentDictionary<Digest, bool> _running = new();
    private readonly string _folder;
    private readonly AgentProgram _program;
    private readonly CouncilPolicy _policy;
    private readonly WorkerMind _mind;
    private readonly TimeProvider _clock;
    private readonly TimedDeliberation _deliberation;
    private readonly ArgumentDesk _arguments;
    private readonly PatientPost _post;
    private readonly EndedRecord _ended;
    private readonly UnstoredOpinions _unstored;

    /// <summary>Makes the desk of a worker.</summary>
    public BallotDesk(AgentProgram program, IDeliberator deliberator, WorkerMind mind, TimeSpan castWindow, TimeProvider clock)
    {
        (_program, _mind, _clock) = (program, mind, clock);
        _policy = PolicySettings.Read(program.Options.Policy);
        _folder = Directory.CreateDirectory(Path.Combine(program.Options.State, "ballots")).FullName;
        _deliberation = new TimedDeliberation(deliberator, castWindow, clock);
        _arguments = new ArgumentDesk(program, _deliberation, mind, _folder, clock);
        _post = new PatientPost(clock);
        _ended = new EndedRecord(program.Client, program.LogAsync, clock);
        _unstored = new UnstoredOpinions(clock);
    }

    /// <summary>Begins to do what a proposal asks for now, in the background. Safe to call twice.</summary>
    public void Start(Digest proposal, CancellationToken cancellationToken)
    {
        // A task that comes while one is in work may be the next one: it is looked at when the first has ended.
        while (!_running.TryAdd(proposal, false))
        {
            if (_running.TryUpdate(proposal, true, false) || _running.ContainsKey(proposal))
                return;
        }

        _ = ExecuteAsync(proposal, cancellationToken);
    }

    private async Task ExecuteAsync(Digest proposal, CancellationToken cancellationToken)
    {
        bool argued = false;
        try
        {
            argued = await PersistAsync(proposal, cancellationToken);
        }
        catch (Exception e) when (IsPassing(e) || e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // The lease brings the task again.
            if (!cancellationToken.IsCancellationRequested)
                await _program.LogAsync($"proposal {proposal.Short()}: {e.Message}");
        }
        catch (Exception e)
        {
            await _program.LogAsync($"proposal {proposal.Short()}: internal fault: {e}");
        }
        finally
        {
            if (_running.TryRemove(proposal, out bool again) && again && argued)
                Start(proposal, cancellationToken);
        }
    }

    // A coordinator that was just killed is back long before the lease of the task that it gave has ended.
    private async Task<bool> PersistAsync(Digest proposal, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await ArgueOrVoteAsync(proposal, cancellationToken);
            }
            catch (Exception e) when (IsPassing(e) && attempt < s_pauses.Length && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(s_pauses[attempt], _clock, cancellationToken);
            }
        }
    }

    private static bool IsPassing(Exception e) => e is HttpRequestException or CoordinatorException or OperationCanceledException;

    // Whether it argued: then the vote is still to come.
    private async Task<bool> ArgueOrVoteAsync(Digest proposal, CancellationToken cancellationToken)
    {
        var replica = new RecordReplica(_program.Client, proposal, _program.Coordinator);
        // Up to where ballots are cast. What others have cast since is as long as the council is large, and nothing that a vote hangs on.
        long seen = _program.Checkpoints.SizeOf(proposal);
        if (await replica.AdvanceUntilAsync(next => next.State == ProposalState.Voting && next.Size >= seen, cancellationToken) is not { State: ProposalState.Deliberating or ProposalState.Voting } state
            || !state.Roster.ContainsKey(_program.Secrets.Keys.AgentId))
        {
            return false;
        }

        if (!_program.Checkpoints.IsIn(proposal, replica.Events))
            throw new InvalidDataException("its record is shorter or other than what this worker saw before");
        if (_policy.Looser(state.Body, state.Body.CreatedAt) is { } looser)
            throw new InvalidDataException($"this worker takes no part in a proposal that is looser than its policy: {looser}");
        if (_program.Distrusted(state, state.Qualified) is { } distrusted)
            throw new InvalidDataException($"this worker encrypts nothing to the proposal's key: {distrusted}");
        if (state.State == ProposalState.Deliberating)
        {
            await _arguments.ArgueAsync(state, cancellationToken);
            return true;
        }

        DateTimeOffset started = _clock.GetUtcNow();
        HeardArguments? heard = _arguments.Heard(state);
        CastRequest request = Load(proposal) ?? await DecideAsync(state, heard, cancellationToken);
        await _deliberation.AwaitTurnAsync(started, state.Body.CloseAt, cancellationToken);
        await TakeAsync(proposal, request.Ballot, await _post.SendAsync(
            () => _program.Client.CastAsync(proposal, request, WireJson.Default.CastRequest, cancellationToken), state.Body.CloseAt, cancellationToken), cancellationToken);
        return false;
    }

    private async Task<CastRequest> DecideAsync(RecordState state, HeardArguments? heard, CancellationToken cancellationToken)
    {
        Opinion opinion = await _unstored.OfAsync(state.ProposalId, state.Body.CloseAt, async () =>
        {
            await _program.LogAsync($"proposal {state.ProposalId.Short()}: deliberating ({_deliberation.Description})");
            return await _deliberation.OpinionAsync(state.Body, await _mind.RecallAsync(cancellationToken), heard, state.Body.CloseAt, cancellationToken);
        });
        Digest deliberation = Keep(state.ProposalId, opinion);
        await RememberAsync(state, opinion, cancellationToken);
        Ballot ballot = BallotBuilder.Create(
            state.BallotContext, _program.Secrets.Keys, _program.Secrets.SigningSeed, opinion.Option, deliberation, P256Scalar.Random, out BallotCommitments hint);
        var request = CastRequest.Of(ballot, hint);
        DurableFile.Write(BallotPath(state.ProposalId), JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.CastRequest));
        _unstored.Stored(state.ProposalId);
        return request;
    }

    // A memory that cannot be written costs a memory and not the vote.
    private async Task RememberAsync(RecordState state, Opinion opinion, CancellationToken cancellationToken)
    {
        try
        {
            await _mind.RememberAsync(state.ProposalId, state.Body, opinion, cancellationToken);
        }
        catch (IOException)
        {
            // The disk, or the guest agent that gives the memory's key.
            await _program.LogAsync($"proposal {state.ProposalId.Short()}: the decision could not be remembered; the vote is cast all the same");
        }
    }

    // A receipt and a signed refusal are both kept: each is a complaint in waiting.
    private async Task TakeAsync(Digest proposal, Ballot ballot, CastAnswer answer, CancellationToken cancellationToken)
    {
        if (!answer.IsFor(proposal, ballot, _program.Coordinator))
            throw new InvalidDataException("the coordinator's answer is neither a receipt nor a refusal for this ballot");
        DurableFile.Write(Path.Combine(_folder, $"{proposal}.answer.json"), JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.CastAnswer));
        _program.Note(answer.Checkpoint);
        await _program.LogAsync(answer.Receipt is { } taken
            ? $"proposal {proposal.Short()}: ballot in the record at position {taken.Sequence}"
            : $"proposal {proposal.Short()}: the ballot was refused: {answer.Message}");
        if (answer.Receipt is { } receipt)
            _ = _ended.HoldAsync(receipt, cancellationToken);
    }

    // Reasons are sealed under the worker's own key with a random nonce, and padded, so that neither file nor hash says how it voted.
    private Digest Keep(Digest proposal, Opinion opinion)
    {
        byte[] padded = SealedReasons.ToBytes(opinion);
        byte[] file = new SealedFile(_program.Secrets, Path.Combine(_folder, $"{proposal}.reasons.sealed"), $"reasons/{proposal}").Write(padded);
        CryptographicOperations.ZeroMemory(padded);
        return SealedReasons.Hash(proposal, file);
    }

    private CastRequest? Load(Digest proposal)
    {
        string path = BallotPath(proposal);
        if (DurableFile.Read(path) is not { } bytes)
            return null;
        return StrictJson.TryRead(bytes, WireJson.Default.CastRequest, out CastRequest? request, out string? problem)
            ? request
            : throw new InvalidDataException($"{path} is damaged ({problem}); a second, different ballot would be held against this worker, so none is made");
    }

    private string BallotPath(Digest proposal) => Path.Combine(_folder, $"{proposal}.json");
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;
using Witan.Worker.Deliberation;

namespace Witan.Worker;

/// <summary>
/// Takes one task from its beginning to its receipt. The ballot is stored before it is sent: a worker that is restarted, or asked
/// twice, sends the same bytes. The vote itself is stored nowhere but inside the sealed reasoning.
/// </summary>
public sealed class BallotDesk(AgentProgram program, IDeliberator deliberator) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(program.Options.State, "ballots")).FullName;

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    /// <summary>Votes on a proposal. Safe to call twice.</summary>
    public async Task ExecuteAsync(Digest proposal, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var replica = new RecordReplica(program.Client, proposal, program.Coordinator);
            if (await replica.AdvanceAsync(cancellationToken) is not { State: ProposalState.Voting } state || !state.Roster.ContainsKey(program.Secrets.Keys.AgentId))
                return;
            string path = Path.Combine(_folder, $"{proposal}.json");
            Ballot ballot = File.Exists(path) ? Load(path) : await DecideAsync(state, path, cancellationToken);
            CastAnswer answer = await program.Client.PostAsync(
                $"v1/proposals/{proposal}/ballots", ballot, WireJson.Default.Ballot, WireJson.Default.CastAnswer, cancellationToken);
            if (!answer.Receipt.IsSignedBy(program.Coordinator) || answer.Receipt.Ballot != ballot.Hash() || !answer.Checkpoint.IsSignedBy(program.Coordinator))
                throw new InvalidDataException("the coordinator's receipt is not for this ballot");
            await File.WriteAllBytesAsync(
                Path.Combine(_folder, $"{proposal}.receipt.json"), JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.CastAnswer), cancellationToken);
            await program.LogAsync($"proposal {proposal.Short()}: ballot in the record at position {answer.Receipt.Sequence}");
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Ballot> DecideAsync(RecordState state, string path, CancellationToken cancellationToken)
    {
        await program.LogAsync($"proposal {state.ProposalId.Short()}: deliberating ({deliberator.Description})");
        Opinion opinion = await deliberator.DeliberateAsync(state.Body, cancellationToken);
        Digest deliberation = Keep(state.ProposalId, opinion);
        Ballot ballot = BallotBuilder.Create(
            state.BallotContext, program.Secrets.Keys, program.Secrets.SigningSeed, opinion.Option, deliberation, P256Scalar.Random);
        string next = path + ".next";
        await using (var stream = new FileStream(next, FileMode.Create))
        {
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot), cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
        return ballot;
    }

    // Reasons are sealed under the worker's own key and padded, so that neither file nor hash says how it voted.
    private Digest Keep(Digest proposal, Opinion opinion)
    {
        byte[] text = Encoding.UTF8.GetBytes(opinion.Reasoning);
        byte[] padded = new byte[Math.Max(32 * 1024, text.Length)];
        text.CopyTo(padded, 0);
        byte[] salt = RandomNumberGenerator.GetBytes(32);
        byte[] key = program.Secrets.Derive("deliberation");
        byte[] file = new byte[12 + padded.Length + 16];
        RandomNumberGenerator.Fill(file.AsSpan(0, 12));
        using (var gcm = new AesGcm(key, 16))
            gcm.Encrypt(file.AsSpan(0, 12), padded, file.AsSpan(12, padded.Length), file.AsSpan(file.Length - 16), proposal.Bytes);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(padded);
        File.WriteAllBytes(Path.Combine(_folder, $"{proposal}.reasons.sealed"), file);
        return new CanonicalWriter(DomainTags.Deliberation).Bytes(proposal.Bytes).Bytes(salt).Bytes(SHA256.HashData(file)).Hash();
    }

    private static Ballot Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), WireJson.Default.Ballot) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is damaged; a second, different ballot would be held against this worker, so none is made", e);
        }
    }
}

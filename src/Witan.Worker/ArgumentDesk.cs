using System.Security.Cryptography;
using System.Text.Json;
using Witan.Agent;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;

namespace Witan.Worker;

/// <summary>
/// A worker's part in a sealed round: one opinion of its own, one argument sealed to the coordinator's attested key, and afterwards the
/// check that it was shown. The argument is stored before it is sent: a worker that is restarted sends the same bytes.
/// </summary>
internal sealed class ArgumentDesk(AgentProgram program, TimedDeliberation deliberation, WorkerMind mind, string folder, TimeProvider clock)
{
    private const string DefaultName = "worker";
    private readonly PatientPost _post = new(clock);
    private readonly UnstoredOpinions _unstored = new(clock);

    /// <summary>Argues once in a record that is deliberating.</summary>
    public async Task ArgueAsync(RecordState state, CancellationToken cancellationToken)
    {
        Digest proposal = state.ProposalId;
        DateTimeOffset started = clock.GetUtcNow();
        KeptArgument kept = Load(proposal) ?? await DecideAsync(state, cancellationToken);
        await deliberation.AwaitTurnAsync(started, state.Body.ArgueBy, cancellationToken);
        Checkpoint checkpoint = await _post.SendAsync(
            () => program.Client.PostAsync($"v1/proposals/{proposal}/arguments", kept.Sealed, WireJson.Default.SealedArgument, WireJson.Default.Checkpoint, cancellationToken),
            state.Body.ArgueBy,
            cancellationToken);
        // The record's head with the argument in it: a record without it is refused from now on.
        program.Note(checkpoint);
        await program.LogAsync($"proposal {proposal.Short()}: argued; the record has {checkpoint.Size} events");
    }

    /// <summary>What was said, once all of it was shown; null where the proposal has no round. Throws as <see cref="KeptArgument.Heard"/>.</summary>
    public HeardArguments? Heard(RecordState state) =>
        state.Body.Rounds == 0 ? null : KeptArgument.Heard(state, program.Secrets.Keys.AgentId, Load(state.ProposalId));

    private async Task<KeptArgument> DecideAsync(RecordState state, CancellationToken cancellationToken)
    {
        Digest proposal = state.ProposalId;
        Opinion opinion = await _unstored.OfAsync(proposal, state.Body.ArgueBy, async () =>
        {
            await program.LogAsync($"proposal {proposal.Short()}: forming an opinion ({deliberation.Description})");
            return await deliberation.OpinionAsync(state.Body, await mind.RecallAsync(cancellationToken), null, state.Body.ArgueBy, cancellationToken);
        });
        byte[] reasons = SealedReasons.ToBytes(opinion);
        File(proposal, "opinion").Write(reasons);
        CryptographicOperations.ZeroMemory(reasons);
        var argument = Argument.Of(Spoken(opinion.Argument), new Digest(RandomNumberGenerator.GetBytes(32)));
        var kept = new KeptArgument(
            argument, SealedArgument.Create(state, program.Secrets.Keys.AgentId, argument, program.CoordinatorKeys.Encryption, program.Secrets.SigningSeed));
        File(proposal, "argument").Write(kept.ToBytes());
        _unstored.Stored(proposal);
        return kept;
    }

    // A mind may name itself though it was told not to. The name that a worker has where it was given none is everybody's, and a word of the language.
    private string Spoken(string text) => program.Options.Name == DefaultName ? text : Nameless.Of(text, program.Options.Name);

    private KeptArgument? Load(Digest proposal) => File(proposal, "argument").Read() is not { } bytes
        ? null
        : KeptArgument.Parse(bytes) ?? throw new InvalidDataException("the argument that this worker kept is damaged; a second, different one would not be taken");

    private SealedFile File(Digest proposal, string kind) => new(program.Secrets, Path.Combine(folder, $"{proposal}.{kind}.sealed"), $"{kind}/{proposal}");
}

/// <summary>What a worker argued, and the bytes that it sends.</summary>
internal sealed record KeptArgument(Argument Argument, SealedArgument Sealed)
{
    /// <summary>The argument in its one form, then the message as it is sent.</summary>
    public byte[] ToBytes() => [.. Argument.ToBytes(), .. JsonSerializer.SerializeToUtf8Bytes(Sealed, WireJson.Default.SealedArgument)];

    /// <summary>
    /// What an agent heard in a round that is over. Throws <see cref="InvalidDataException"/> where its own argument was taken and is not
    /// among what was shown: then it must not vote.
    /// </summary>
    public static HeardArguments Heard(RecordState state, Digest agent, KeptArgument? kept)
    {
        if (state.SealedArguments.TryGetValue(agent, out SealedArgument? taken) && kept?.Sealed.IsSame(taken) != true)
            throw new InvalidDataException("the record holds an argument of this worker that it does not know; it does not vote");
        bool isShown = taken is not null && state.ArgumentsToShow > 0;
        if (isShown && !state.Arguments.Contains(kept!.Argument))
            throw new InvalidDataException("the argument of this worker was taken and is not among those shown; it does not vote");
        IEnumerable<Argument> others = isShown ? state.Arguments.Remove(kept!.Argument) : state.Arguments;
        return new HeardArguments(kept?.Argument.Text ?? "", [.. others.Select(one => one.Text).Where(text => text.Length > 0)]);
    }

    /// <summary>Reads the bytes; null where they are damaged.</summary>
    public static KeptArgument? Parse(ReadOnlySpan<byte> bytes) =>
        bytes.Length > Argument.Size && Argument.TryRead(bytes[..Argument.Size], out Argument? argument)
        && StrictJson.TryRead(bytes[Argument.Size..], WireJson.Default.SealedArgument, out SealedArgument? message, out _)
            ? new KeptArgument(argument, message)
            : null;
}

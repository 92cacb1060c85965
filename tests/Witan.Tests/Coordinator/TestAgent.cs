using System.Security.Cryptography;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Tests.Coordinator;

/// <summary>An agent that speaks the protocol by hand, rightly or wrongly.</summary>
internal sealed class TestAgent : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-agent").FullName;
    private readonly RunningCoordinator _coordinator;

    public TestAgent(RunningCoordinator coordinator)
    {
        _coordinator = coordinator;
        Secrets = AgentSecrets.FromDirectory(_folder);
        Client = new CoordinatorClient(coordinator.Http, Secrets, TimeProvider.System);
    }

    public AgentSecrets Secrets { get; }

    public CoordinatorClient Client { get; }

    public async Task<AdmissionAnswer> AdmitAsync(AgentRole role, string callback = "")
    {
        NonceAnswer nonce = (await Client.GetAsync("v1/nonce", WireJson.Default.NonceAnswer, CancellationToken.None))!;
        AdmissionRequest request = new AdmissionRequest(role, "by hand", Secrets.Keys, nonce.Nonce, AgentEvidence.None, callback, []).Signed(Secrets.SigningSeed);
        return await Client.PostAsync("v1/admission", request, WireJson.Default.AdmissionRequest, WireJson.Default.AdmissionAnswer, CancellationToken.None);
    }

    /// <summary>Keeps asking for tasks, as a worker or trustee that is here does.</summary>
    public async Task AttendAsync(AgentRole role, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (role == AgentRole.Worker)
                    await Client.GetAsync("v1/tasks/next", WireJson.Default.TaskAssignment, cancellationToken);
                else
                    await Client.GetAsync("v1/trustee-tasks?seen=-1&wait=0", WireJson.Default.TrusteeTaskPage, cancellationToken);
                await Task.Delay(100, cancellationToken);
            }
            catch (Exception e) when (e is OperationCanceledException or HttpRequestException or CoordinatorException)
            {
                // The test ends, or the coordinator restarts.
            }
        }
    }

    /// <summary>The state of a record, by its own replay.</summary>
    public async Task<RecordState> ReplayAsync(Digest proposal)
    {
        RecordState? state = null;
        foreach (RecordEvent next in await EventsAsync(proposal))
            state = RecordFold.Apply(state, next, ProofChecks.All, out Refusal? refusal) ?? throw new InvalidDataException(refusal!.Message);
        return state!;
    }

    public async Task<IReadOnlyList<RecordEvent>> EventsAsync(Digest proposal) =>
        (await Client.GetAsync($"v1/proposals/{proposal}/events", WireJson.Default.IReadOnlyListRecordEvent, CancellationToken.None))!;

    public Ballot Ballot(RecordState state, int option) =>
        BallotBuilder.Create(state.BallotContext, Secrets.Keys, Secrets.SigningSeed, option, Digest.Zero, P256Scalar.Random);

    /// <summary>Casts, and gives the answer whatever it is.</summary>
    public CastRequest Request(RecordState state, int option) => CastRequest.Of(
        BallotBuilder.Create(state.BallotContext, Secrets.Keys, Secrets.SigningSeed, option, Digest.Zero, P256Scalar.Random, out BallotCommitments hint), hint);

    public Task<CastAnswer> CastAsync(Digest proposal, CastRequest request) => Client.CastAsync(proposal, request, WireJson.Default.CastRequest, CancellationToken.None);

    public Task<CastAnswer> CastAsync(Digest proposal, Ballot ballot) => Client.CastAsync(proposal, ballot, WireJson.Default.Ballot, CancellationToken.None);

    /// <summary>An argument for a record, sealed to the coordinator's key as it gives it.</summary>
    public async Task<SealedArgument> ArgumentAsync(RecordState state, string text)
    {
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        CoordinatorEvidence coordinator = (await Client.GetAsync($"v1/evidence?nonce={nonce}", WireJson.Default.CoordinatorEvidence, CancellationToken.None))!;
        var argument = Argument.Of(text, new Digest(RandomNumberGenerator.GetBytes(32)));
        return SealedArgument.Create(state, Secrets.Keys.AgentId, argument, coordinator.Keys.Encryption, Secrets.SigningSeed);
    }

    /// <summary>Argues; throws where the coordinator refuses.</summary>
    public Task<Checkpoint> ArgueAsync(Digest proposal, SealedArgument argument) => Client.PostAsync(
        $"v1/proposals/{proposal}/arguments", argument, WireJson.Default.SealedArgument, WireJson.Default.Checkpoint, CancellationToken.None);

    public void Dispose()
    {
        Secrets.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

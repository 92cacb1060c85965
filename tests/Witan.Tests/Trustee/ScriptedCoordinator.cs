using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Witan.Tests.Coordinator;
using Witan.Tests.Voting;
using Witan.Voting;

namespace Witan.Tests.Trustee;

/// <summary>A coordinator in LOCAL_MODE that shows whatever records and checkpoints the test wants to be seen: it has the key, and no honesty.</summary>
internal sealed class ScriptedCoordinator : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Council _council;
    private readonly Dictionary<Digest, (Council Council, List<RecordEvent> Events)> _shown = [];
    private readonly List<(Digest Proposal, string What)> _said = [];
    private readonly Lock _gate = new();

    /// <summary>Listens; signs with the coordinator's key of <paramref name="council"/>.</summary>
    public ScriptedCoordinator(Council council)
    {
        _council = council;
        Address = new Uri($"http://127.0.0.1:{RunningCoordinator.FreePort()}/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _ = ListenAsync();
    }

    public Uri Address { get; }

    /// <summary>The size that its checkpoints say, of one that is asked for and of one that answers a message; 0 says the whole record.</summary>
    public (int Asked, int Answered) Sizes { get; set; }

    /// <summary>What trustees said so far.</summary>
    public IReadOnlyList<(Digest Proposal, string What)> Said
    {
        get
        {
            lock (_gate)
                return [.. _said];
        }
    }

    /// <summary>Shows a council's record, or other events as its record, in place of what was shown of the proposal.</summary>
    public void Show(Council council, IEnumerable<RecordEvent>? events = null)
    {
        lock (_gate)
            _shown[council.State.ProposalId] = (council, [.. events ?? council.Events]);
    }

    public void Dispose() => _listener.Close();

    private async Task ListenAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            byte[] answer;
            lock (_gate)
                answer = Answer(context.Request.Url!.AbsolutePath.Trim('/').Split('/'), context.Request.QueryString["from"], body.ToArray());
            context.Response.StatusCode = answer.Length == 0 ? 204 : 200;
            context.Response.ContentType = "application/json";
            // Whoever waits for tasks is not answered faster than it can be stopped.
            await Task.Delay(20);
            context.Response.Close(answer, willBlock: false);
        }
    }

    private byte[] Answer(string[] path, string? from, byte[] body)
    {
        AgentKeys keys = new(_council.CoordinatorKey, _council.Encryption);
        switch (path[1])
        {
            case "evidence":
                return Json(new CoordinatorEvidence(keys, AgentEvidence.None, ""), WireJson.Default.CoordinatorEvidence);
            case "nonce":
                return Json(new NonceAnswer("n", DateTimeOffset.MaxValue, _council.CoordinatorKey, Digest.Zero, ExecutionMode.Local, ""), WireJson.Default.NonceAnswer);
            case "admission":
                return Json(new AdmissionAnswer(Digest.Zero, 0, TimeProvider.System.GetUtcNow().AddHours(1), ""), WireJson.Default.AdmissionAnswer);
            case "trustee-tasks":
                return Json(new TrusteeTaskPage(1, [.. _shown.Select(shown => new TrusteeTask(shown.Key, ProposalState.Draft, shown.Value.Events.Count))]), WireJson.Default.TrusteeTaskPage);
            case "proposals":
                return Proposal(Digest.Parse(path[2]), path[3], from, body);
            default:
                return [];
        }
    }

    private byte[] Proposal(Digest id, string what, string? from, byte[] body)
    {
        (Council council, List<RecordEvent> events) = _shown[id];
        switch (what)
        {
            case "events":
                return Json([.. events.Skip(int.Parse(from!, System.Globalization.CultureInfo.InvariantCulture))], WireJson.Default.IReadOnlyListRecordEvent);
            case "checkpoint":
                return Json(Checkpoint(council, events, Sizes.Asked), WireJson.Default.Checkpoint);
            case "shares" when body.Length == 0:
                return Json(
                    [.. council.Trustees.Skip(1).Select(other => other.Secret.Seal(council.State.KeyGeneration, council.State.Trustees[0], other.Seed))],
                    WireJson.Default.IReadOnlyListSealedShare);
            case "commitments":
                council.Append(new ContributionCommitted(JsonSerializer.Deserialize(body, WireJson.Default.TrusteeCommitment)!.Commitment));
                events.Add(council.Events[^1]);
                break;
            case "partials":
                council.Append(new PartiallyDecrypted(JsonSerializer.Deserialize(body, WireJson.Default.PartialDecryption)!));
                events.Add(council.Events[^1]);
                break;
        }

        _said.Add((id, what));
        return Json(Checkpoint(council, events, Sizes.Answered), WireJson.Default.Checkpoint);
    }

    private static Checkpoint Checkpoint(Council council, List<RecordEvent> events, int size)
    {
        int last = (size == 0 ? events.Count : size) - 1;
        return Witan.Voting.Checkpoint.Of(council.State with { Size = last + 1, Head = events[last].Hash }, council.CoordinatorSeed);
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}

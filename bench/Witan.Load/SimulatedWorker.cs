using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Crypto;
using Witan.Dstack.Evidence;
using Witan.Dstack.Simulator;
using Witan.Voting;

namespace Witan.Load;

/// <summary>One worker of ten thousand: a machine and keys of its own, evidence, long polls, a ballot. It speaks HTTP as a real one does.</summary>
internal sealed class SimulatedWorker : IDisposable
{
    private readonly HttpClient _http;
    private readonly SimulatedCvm _machine;
    private readonly byte[] _seed;
    private CastRequest? _ballot;
    private byte[] _cast = [];
    private Digest _proposal;
    private long _prepared;

    public SimulatedWorker(HttpClient http, SimulatedCvm machine)
    {
        (_http, _machine) = (http, machine);
        _seed = SHA256.HashData(machine.Key($"witan/worker/{machine.InstanceId}"));
        (P256Scalar secret, P256Point encryption) = Hpke.DeriveKeyPair(SHA256.HashData(_seed));
        secret.Dispose();
        Keys = new AgentKeys(new Digest(Ed25519.PublicKey(_seed)), encryption);
    }

    public AgentKeys Keys { get; }

    /// <summary>The answer to the ballot, as it came.</summary>
    public byte[] Answer { get; private set; } = [];

    /// <summary>Fetches a nonce, makes evidence over it, and is admitted; throws where it is not.</summary>
    public async Task AttestAsync()
    {
        NonceAnswer nonce = Read(await SendAsync(HttpMethod.Get, "v1/nonce", [], signed: false), WireJson.Default.NonceAnswer);
        var bound = new ReportData("admission", nonce.NonceHash(), nonce.Coordinator, AgentRole.Worker, Keys, _machine.InstanceId, nonce.Policy);
        VersionedAttestation made = _machine.Attest(bound.ToBytes());
        var evidence = new AgentEvidence(_machine.InstanceId, Convert.ToHexStringLower(made.Quote.Span), made.EventLog.ToJson(), made.Config);
        AdmissionRequest request = new AdmissionRequest(AgentRole.Worker, _machine.Name, Keys, nonce.Nonce, evidence, "", []).Signed(_seed);
        byte[] body = SizeBuckets.Pad(JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.AdmissionRequest));
        if (Read(await SendAsync(HttpMethod.Post, "v1/admission", body, signed: false), WireJson.Default.AdmissionAnswer).Agent != Keys.AgentId)
            throw new InvalidDataException("another agent was admitted");
    }

    /// <summary>Waits for a task as a real worker does: one long poll after the other.</summary>
    public async Task<Digest> TaskAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // No task is null, padded: as long as a task.
            byte[] answer = await SendAsync(HttpMethod.Get, "v1/tasks/next", [], signed: true, cancellationToken);
            if (answer.Length > 0 && JsonSerializer.Deserialize(answer, WireJson.Default.TaskAssignment) is { } task)
                return task.Proposal;
        }
    }

    /// <summary>Encrypts and proves a vote.</summary>
    public void Prove(BallotContext context, int choice) => _ballot = CastRequest.Of(
        BallotBuilder.Create(context, Keys, _seed, choice, Digest.Zero, P256Scalar.Random, out BallotCommitments hint), hint);

    /// <summary>Makes the signed request ready.</summary>
    public void Prepare(Digest proposal)
    {
        (_proposal, _prepared) = (proposal, Stopwatch.GetTimestamp());
        byte[] body = SizeBuckets.Pad(JsonSerializer.SerializeToUtf8Bytes(_ballot!, WireJson.Default.CastRequest));
        long time = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        string path = $"/v1/proposals/{proposal}/ballots";
        string head = string.Create(CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: coordinator\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n"
            + $"{SignedRequest.AgentHeader}: {Keys.AgentId}\r\n{SignedRequest.TimeHeader}: {time}\r\n"
            + $"{SignedRequest.SignatureHeader}: {SignedRequest.Sign(_seed, "POST", path, time, body)}\r\n\r\n");
        _cast = [.. System.Text.Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Sends the request that was made ready; makes it anew where its time is nearly too old to be taken.</summary>
    public async Task CastAsync(PreparedConnection connection)
    {
        if (Stopwatch.GetElapsedTime(_prepared) > SignedRequest.Tolerance * 0.7)
            Prepare(_proposal);
        Answer = await connection.SendAsync(_cast);
    }

    /// <summary>The receipt for the ballot that was cast; throws where it is none.</summary>
    public Receipt Receipt(Digest coordinator)
    {
        Receipt? receipt = Read(Answer, WireJson.Default.CastAnswer).Receipt;
        Digest ballot = _ballot!.Ballot.Hash();
        return receipt is not null && receipt.IsSignedBy(coordinator) && receipt.Ballot == ballot ? receipt : throw new InvalidDataException("no receipt for the ballot");
    }

    /// <summary>A signed request that costs the coordinator a signature and little else.</summary>
    public Task PingAsync() => SendAsync(HttpMethod.Post, "v1/checkpoints", """{"checkpoints":[]}"""u8.ToArray(), signed: true);

    public void Dispose() => _machine.Dispose();

    private static T Read<T>(byte[] bytes, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(bytes, type)!;

    private async Task<byte[]> SendAsync(HttpMethod method, string path, byte[] body, bool signed, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        if (signed)
        {
            long time = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            request.Headers.Add(SignedRequest.AgentHeader, Keys.AgentId.ToString());
            request.Headers.Add(SignedRequest.TimeHeader, time.ToString(CultureInfo.InvariantCulture));
            request.Headers.Add(SignedRequest.SignatureHeader, SignedRequest.Sign(_seed, method.Method, "/" + path, time, body));
        }

        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode < HttpStatusCode.Ambiguous
            ? answer
            : throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {System.Text.Encoding.UTF8.GetString(answer)}");
    }
}

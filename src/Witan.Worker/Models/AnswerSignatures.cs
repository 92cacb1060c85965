using System.Net.Http.Headers;
using System.Text.Json;
using Witan.Worker.Signers;

namespace Witan.Worker.Models;

/// <summary>
/// Fetches and checks a provider's signatures at once after each answer: several nodes have several keys, and the signature of
/// an old completion may be gone. With <paramref name="attestations"/> it asks too whether the key that signed is a TEE's.
/// </summary>
public sealed class AnswerSignatures(HttpClient http, ChatEndpointOptions options, SignerAttestations? attestations = null)
{
    private const int AnswerLimit = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The evidence of one call. Never throws, whatever the provider does: what is not there when <paramref name="timeIsOver"/> is cancelled is
    /// not verified.
    /// </summary>
    public async Task<ModelEvidence> CollectAsync(ModelExchange exchange, CancellationToken timeIsOver)
    {
        byte[] request = exchange.Request.ToArray(), response = exchange.Response.ToArray();
        ModelEvidence Not(string why, SignedAnswer? signed = null) => new(request, response, exchange.CompletionId, signed, $"not verified: {why}");
        if (string.IsNullOrEmpty(exchange.CompletionId))
            return Not("the completion has no id");
        SignedAnswer? signed;
        try
        {
            signed = await FetchAsync(exchange.CompletionId, timeIsOver);
        }
        catch (OperationCanceledException)
        {
            return Not(timeIsOver.IsCancellationRequested ? "no time was left for its signature" : $"no signature within {Patience.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            return Not($"no signature to be had: {e.Message}");
        }

        if (signed is null)
            return Not("the provider answered null");
        if (signed.Problem(exchange, options.Model, out AnswerSigner signer) is { } problem)
            return Not(problem, signed);
        return new ModelEvidence(
            request, response, exchange.CompletionId, signed,
            signer == AnswerSigner.ProviderTee ? ModelEvidence.SignedByProvider : ModelEvidence.SignedByGateway)
        {
            Attestation = attestations is null ? null : await AttestationAsync(attestations, AnswerKey.Of(signed, signer), timeIsOver),
        };
    }

    private static async Task<SignerAttestation?> AttestationAsync(SignerAttestations attestations, AnswerKey key, CancellationToken timeIsOver)
    {
        try
        {
            return await attestations.JudgeAsync(key, timeIsOver);
        }
        catch (Exception)
        {
            // Out of time, or a report that nobody foresaw: then there is none, which is enough for no policy that needs one.
            return null;
        }
    }

    private async Task<SignedAnswer?> FetchAsync(string completion, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, options.Address($"signature/{Uri.EscapeDataString(completion)}?model={Uri.EscapeDataString(options.Model)}&signing_algo=ecdsa"));
        if (options.ApiKey is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        response.EnsureSuccessStatusCode();
        byte[] body = await BoundedBody.ReadAsync(response.Content, AnswerLimit, limit.Token)
            ?? throw new HttpRequestException($"the answer is longer than {AnswerLimit} bytes");
        return JsonSerializer.Deserialize(body, ChatWire.Default.SignedAnswer);
    }
}

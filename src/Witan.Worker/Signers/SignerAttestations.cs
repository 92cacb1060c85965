using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Witan.Agent;
using Witan.Attestation;
using Witan.Worker.Models;

namespace Witan.Worker.Signers;

/// <summary>
/// Asks a provider for the attestation of a key that signed, once for each key, and remembers what verified. Only what verified is
/// remembered, at most <see cref="Age"/>, and only under the collateral it was judged with. Safe to use from several threads.
/// </summary>
public sealed class SignerAttestations(HttpClient http, ChatEndpointOptions options, CollateralFile? collateral, SignerPolicy policy, TimeProvider clock)
{
    /// <summary>How long an attestation is relied upon.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromHours(1);

    // A provider has a signer a machine. One that names ever new ones must not fill the memory.
    private const int Capacity = 64;
    private readonly ConcurrentDictionary<AnswerKey, Asked> _asked = [];

    /// <summary>How long the provider has to send the whole report.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether the key is a TEE's. Never throws for what the provider does; only for <paramref name="cancellationToken"/>.</summary>
    public async Task<SignerAttestation> JudgeAsync(AnswerKey signer, CancellationToken cancellationToken)
    {
        Finding? missing = null;
        if (collateral?.Current(out missing) is not { } trusted)
            return Not(SignerStanding.NoCollateral, missing?.Message ?? "this worker has no collateral to judge the provider with", []);
        if (_asked.Count >= Capacity)
            _asked.Clear();
        // The question is nobody's own: whoever stops waiting must not stop it for the others.
        Asked asked = _asked.AddOrUpdate(
            signer,
            key => new Asked(trusted.Fingerprint, new(() => AskAsync(key, trusted))),
            (key, earlier) => IsGood(earlier, trusted) ? earlier : new Asked(trusted.Fingerprint, new(() => AskAsync(key, trusted))));
        return await asked.Answer.Value.WaitAsync(cancellationToken);
    }

    private bool IsGood(Asked earlier, TrustedCollateral trusted)
    {
        if (earlier.Collateral != trusted.Fingerprint)
            return false;
        Task<SignerAttestation> answer = earlier.Answer.Value;
        return !answer.IsCompleted || (answer.IsCompletedSuccessfully && answer.Result.IsAttested && clock.GetUtcNow() - answer.Result.At < Age);
    }

    private async Task<SignerAttestation> AskAsync(AnswerKey signer, TrustedCollateral trusted)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(32);
        try
        {
            byte[]? report = await FetchAsync(signer, nonce);
            return report is null
                ? Not(SignerStanding.ReportTooLong, $"the report is longer than {ProviderReport.MaximumSize} bytes", nonce)
                : SignerVerifier.Verify(report, signer, nonce, trusted, policy, clock.GetUtcNow());
        }
        catch (OperationCanceledException)
        {
            return Not(SignerStanding.ReportTimeout, $"no whole report within {Patience.TotalSeconds:0.#} s", nonce);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return Not(SignerStanding.ReportUnreachable, $"no report to be had: {e.Message}", nonce);
        }
    }

    private async Task<byte[]?> FetchAsync(AnswerKey signer, byte[] nonce)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        string address = signer.Algorithm == "ecdsa" ? "0x" + signer.Address : signer.Address;
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            options.Address($"attestation/report?model={Uri.EscapeDataString(options.Model)}&nonce={Convert.ToHexStringLower(nonce)}"
                + $"&signing_algo={signer.Algorithm}&signing_address={address}&provider=near&include_tls_fingerprint=false"));
        if (options.ApiKey is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        response.EnsureSuccessStatusCode();
        return await BoundedBody.ReadAsync(response.Content, ProviderReport.MaximumSize, limit.Token);
    }

    private SignerAttestation Not(SignerStanding standing, string sentence, byte[] nonce) =>
        new(standing, sentence, clock.GetUtcNow(), Convert.ToHexStringLower(nonce), policy.Platform.Name);

    private sealed record Asked(string Collateral, Lazy<Task<SignerAttestation>> Answer);
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Attestation;
using Witan.Dstack.Cloud;
using Witan.Dstack.Compose;
using Witan.Dstack.Evidence;
using Witan.Voting;

namespace Witan.Cli.Commands.Watch;

/// <summary>
/// Asks a coordinator for evidence over a fresh nonce (<c>GET /v1/evidence?nonce=…</c>), judges it, and compares the compose hash that its event
/// log measured with the one deployed. With a compose text to hold, the envelope comes from <paramref name="envelope"/> and counts only
/// when it has the measured hash.
/// </summary>
internal sealed class EndpointEvidence(HttpClient http, EvidenceJudge judge, Func<CancellationToken, Task<string?>> envelope) : IEndpointEvidence
{
    private const int MaximumAnswer = 4 << 20;

    public async Task<EndpointEvidenceResult> VerifyAsync(Uri endpoint, EndpointExpectation expected, CancellationToken cancellationToken)
    {
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        CoordinatorEvidence? evidence;
        try
        {
            evidence = await FetchAsync(new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/v1/evidence?nonce={nonce}"), cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or FormatException)
        {
            return NotYet($"the endpoint answers, and gives no evidence yet: {e.Message}");
        }

        if (evidence is null)
            return NotYet("the endpoint answers, and gives no evidence yet");
        if (evidence.Evidence.IsNone)
            return new EndpointEvidenceResult(EndpointEvidenceOutcome.Rejected, "the endpoint has no evidence: it runs without a TEE (LOCAL_MODE)");

        ReportData bound = CoordinatorEvidence.ReportData(Witan.Voting.Digest.Parse(nonce), evidence.Keys, evidence.Evidence.Instance);
        JudgedEvidence judged = judge.Judge(evidence.Evidence, bound);
        Witan.Attestation.Verdict verdict = judged.Verdict;
        if (verdict.Outcome == AppraisalOutcome.Accepted && judged.Machine is not { Compose.Length: > 0 })
            return new EndpointEvidenceResult(EndpointEvidenceOutcome.Rejected, "the evidence measures no compose hash: it is an enclave's, not a guest's") { Findings = verdict.Findings };
        // What the log says without having been measured only tells what ran before from what is refused.
        string? measured = judged.Machine is { Compose.Length: > 0 } machine ? machine.Compose : SaidComposeHash(evidence.Evidence.EventLog);
        if (expected.ComposeHash is not null && !string.Equals(measured, expected.ComposeHash, StringComparison.OrdinalIgnoreCase))
            return NotYet($"evidence of compose hash {Short(measured)}, waiting for {Short(expected.ComposeHash)}");
        if (verdict.Outcome == AppraisalOutcome.Undecided)
            return NotYet($"the evidence could not be judged: {verdict.Cause?.Message}") with { Findings = verdict.Findings };
        if (verdict.Outcome == AppraisalOutcome.Rejected)
            return new EndpointEvidenceResult(EndpointEvidenceOutcome.Rejected, $"the evidence is rejected: {verdict.Cause?.Message}") { Tier = verdict.ConfidenceLevel, Findings = verdict.Findings };
        if (verdict.ConfidenceLevel is not { } tier || tier > expected.Requirement.Weakest)
        {
            return new EndpointEvidenceResult(
                EndpointEvidenceOutcome.Rejected, $"tier {verdict.ConfidenceLevel?.ToString() ?? "none"} where {expected.Requirement} is asked for ({verdict.LevelRule})")
            {
                Tier = verdict.ConfidenceLevel,
                Findings = verdict.Findings,
            };
        }

        return await HoldsAsync(expected, measured, cancellationToken)
            ?? new EndpointEvidenceResult(
                EndpointEvidenceOutcome.Verified,
                $"its evidence verifies at tier {tier} for compose hash {measured}{(verdict.IsSimulated ? " (SIMULATED: under a development root)" : "")}")
            {
                Tier = tier,
                Findings = verdict.Findings,
            };
    }

    // The platform made the envelope: it counts only with the measured hash, and only if our file is in it as it was sent.
    private async Task<EndpointEvidenceResult?> HoldsAsync(EndpointExpectation expected, string? measured, CancellationToken cancellationToken)
    {
        if (expected.DockerComposeFile is null)
            return null;
        string? text = await envelope(cancellationToken);
        if (text is null)
            return NotYet("the measured envelope is not to be had from the platform yet");
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (!string.Equals(Convert.ToHexStringLower(ComposeHash.OfFile(bytes)), measured, StringComparison.OrdinalIgnoreCase))
            return NotYet("the platform shows another envelope than the one measured");
        bool holds = AppCompose.TryParse(bytes, out AppCompose? compose, out _) && compose.DockerComposeFile == expected.DockerComposeFile;
        return holds ? null : new EndpointEvidenceResult(EndpointEvidenceOutcome.Rejected, "the measured envelope holds another compose file than the one sent");
    }

    private async Task<CoordinatorEvidence?> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"HTTP {(int)response.StatusCode}");
        using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        byte[] buffer = new byte[MaximumAnswer];
        int read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return JsonSerializer.Deserialize(buffer.AsSpan(0, read), WireJson.Default.CoordinatorEvidence);
    }

    private static string? SaidComposeHash(string eventLog) =>
        EventLog.TryParse(Encoding.UTF8.GetBytes(eventLog), out EventLog? log, out _)
        && log.RuntimeEvents.TakeWhile(each => each.Name != EventNames.SystemReady).FirstOrDefault(each => each.Name == EventNames.ComposeHash) is { } found
            ? Convert.ToHexStringLower(found.Payload.Span)
            : null;

    private static EndpointEvidenceResult NotYet(string summary) => new(EndpointEvidenceOutcome.NotYet, summary);

    private static string Short(string? hash) => hash is null ? "(none)" : hash.Length > 16 ? hash[..16] + "…" : hash;
}

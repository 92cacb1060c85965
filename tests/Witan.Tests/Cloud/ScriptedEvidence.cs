using System.Collections.Concurrent;
using Witan.Dstack.Cloud;

namespace Witan.Tests.Cloud;

/// <summary>Judges evidence as told, then always well.</summary>
internal sealed class ScriptedEvidence : IEndpointEvidence
{
    public ConcurrentQueue<EndpointEvidenceResult> Answers { get; } = new();

    public List<EndpointExpectation> Asked { get; } = [];

    public Task<EndpointEvidenceResult> VerifyAsync(Uri endpoint, EndpointExpectation expected, CancellationToken cancellationToken)
    {
        Asked.Add(expected);
        return Task.FromResult(Answers.TryDequeue(out EndpointEvidenceResult? answer)
            ? answer
            : new EndpointEvidenceResult(EndpointEvidenceOutcome.Verified, "evidence verifies at tier 2") { Tier = 2 });
    }
}

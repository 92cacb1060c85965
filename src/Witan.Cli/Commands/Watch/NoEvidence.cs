using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Watch;

/// <summary>For <c>--dangerously-without-evidence</c>: takes any answer, and says so in the result.</summary>
internal sealed class NoEvidence : IEndpointEvidence
{
    public Task<EndpointEvidenceResult> VerifyAsync(Uri endpoint, EndpointExpectation expected, CancellationToken cancellationToken) =>
        Task.FromResult(new EndpointEvidenceResult(
            EndpointEvidenceOutcome.Verified, "it answers; its evidence was NOT verified, as asked with --dangerously-without-evidence"));
}

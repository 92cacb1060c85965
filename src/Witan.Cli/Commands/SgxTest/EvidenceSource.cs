using Witan.Attestation;
using Witan.Cli.Commands.Verify;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>Rates the evidence that was given: verified and appraised as <c>witan verify</c> does.</summary>
internal static class EvidenceSource
{
    public static RatedEvidence? Rate(SgxTestRequest request)
    {
        if (request.Quote is null)
            return null;
        DateTimeOffset at = VerifyCommand.Moment(request.At);
        AppraisalPolicy policy = PolicyOption.Read(request.Policy) with { AcceptSimulated = request.Simulated };
        TrustRoot root = VerifyCommand.Root(request.TrustRoot, request.Simulated);
        (TrustedCollateral? trusted, IReadOnlyList<Finding> problems) = VerifyCommand.ReadCollateral(request.Collateral, root, at);
        return RatedEvidence.Of(VerifyCommand.Judge(request.Quote, trusted, problems, policy, at));
    }
}

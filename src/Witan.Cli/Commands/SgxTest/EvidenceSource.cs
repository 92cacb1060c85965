using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Verify;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>Rates the evidence that was given: verified and appraised as <c>witan verify</c> does.</summary>
internal static class EvidenceSource
{
    public static async Task<RatedEvidence?> RateAsync(SgxTestRequest request, Terminal terminal, CancellationToken cancellationToken)
    {
        // Read also where nothing is rated: a policy that does not exist is a mistake of the caller either way.
        DateTimeOffset at = VerifyCommand.Moment(request.At);
        AppraisalPolicy policy = PolicyOption.Read(request.Policy) with { AcceptSimulated = request.Simulated };
        if (!request.HasEvidence)
            return null;
        if (request.Quote is null)
            return Report(request, policy, at);
        TrustRoot root = VerifyCommand.Root(request.TrustRoot, request.Simulated);
        using CollateralClient? client = request.CollateralClient?.Invoke(root);
        (TrustedCollateral? trusted, IReadOnlyList<Finding> problems) = client is null
            ? VerifyCommand.ReadCollateral(request.Collateral, root, at)
            : await CollateralOnRequest.FetchAsync(client, VerifyCommand.ReadQuoteFile(request.Quote), terminal, cancellationToken);
        return RatedEvidence.Of(VerifyCommand.Judge(request.Quote, trusted, problems, policy, at));
    }

    private static RatedEvidence Report(SgxTestRequest request, AppraisalPolicy policy, DateTimeOffset at)
    {
        byte[] Part(string? path) => path is null ? [] : InputFile.Read(path, IasEvidence.MaximumSize);
        IasTrustRoot root = IasFile.Root(request.TrustRoot, request.Simulated);
        return IasEvidence.TryRead(Part(request.IasReport), Part(request.IasSignature), Part(request.IasCertificate), out IasEvidence? evidence, out Finding? refusal)
            && IasReport.TryParse(evidence.Body, out IasReport? report, out refusal)
            ? RatedEvidence.Of(IasVerifier.Verify(report, evidence, root, at), policy)
            : RatedEvidence.Refused(Appraiser.Refuse(refusal, policy));
    }
}

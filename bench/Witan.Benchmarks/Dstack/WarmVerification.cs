using Witan.Attestation;
using Witan.Dstack.Evidence;

namespace Witan.Benchmarks.Dstack;

/// <summary>One evidence file, verified again and again as a coordinator does with a host that it knows: the collateral is verified already.</summary>
internal sealed class WarmVerification
{
    private readonly TrustedCollateral _collateral;
    private readonly EvidenceExpectations _expectations;
    private readonly byte[] _evidence;
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public WarmVerification(string folder, byte[] evidence, byte[] reportData)
    {
        _evidence = evidence;
        _expectations = new EvidenceExpectations { ReportData = reportData };
        if (!TrustRoot.TryCreate(File.ReadAllBytes(Path.Combine(folder, "root.pem")), true, out TrustRoot? root, out _)
            || !Collateral.TryParse(File.ReadAllBytes(Path.Combine(folder, "collateral.json")), out Collateral? collateral, out _))
        {
            throw new InvalidOperationException("no collateral");
        }

        _collateral = CollateralVerifier.Verify(collateral, root, _now).Trusted ?? throw new InvalidOperationException("no trusted collateral");
    }

    public void Parse()
    {
        if (!DstackEvidence.TryParse(_evidence, out _, out Finding? refusal))
            throw new InvalidOperationException(refusal.Message);
    }

    public void Run()
    {
        if (!DstackEvidence.TryParse(_evidence, out DstackEvidence? evidence, out Finding? refusal))
            throw new InvalidOperationException(refusal.Message);
        DstackFacts facts = DstackEvidence.Verify(evidence, _collateral, _expectations, _now);
        if (facts.Authenticity != Authenticity.Genuine)
            throw new InvalidOperationException(string.Join("; ", facts.Findings));
    }
}

using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>Judges attestation verification reports, with the parts that came in files of their own (empty where none did).</summary>
internal sealed class IasFile(byte[] signature, byte[] certificate, IasTrustRoot root)
{
    /// <summary>What a report says of itself in <c>evidence.kind</c>.</summary>
    public const string Kind = "ias-report";

    public VerifyResult Judge(string file, byte[] bytes, AppraisalPolicy policy, DateTimeOffset at)
    {
        if (!IasEvidence.TryRead(bytes, signature, certificate, out IasEvidence? evidence, out Finding? refusal)
            || !IasReport.TryParse(evidence.Body, out IasReport? report, out refusal))
            return new VerifyResult(file, null, null, Appraiser.Refuse(refusal, policy)) { Kind = Kind };
        IasFacts facts = IasVerifier.Verify(report, evidence, root, at);
        return new VerifyResult(file, null, null, Appraiser.Appraise(facts, policy)) { Kind = Kind, Ias = facts };
    }

    /// <summary>Intel's root for reports, or the roots of a file.</summary>
    public static IasTrustRoot Root(string? path, bool simulated)
    {
        if (path is null)
            return simulated ? throw new CommandException("--simulated needs a development root", "give it with --trust-root FILE") : IasTrustRoot.Intel;
        return IasTrustRoot.TryCreate(InputFile.Read(path, IasEvidence.MaximumSize), simulated, out IasTrustRoot? trusted, out Finding? refusal)
            ? trusted
            : throw new CommandException($"{path}: {refusal.Message}", refusal.Remedy);
    }
}

using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>An attestation result for people.</summary>
internal static class TokenText
{
    public static void Write(TextWriter output, TokenFacts facts)
    {
        if (facts.Result is not { } result)
            return;
        output.WriteLine(Terminal.Plain($"  evidence     attestation result of {(result.Issuer.Length == 0 ? "an issuer without a name" : result.Issuer)} for {result.Audience}, {TokenFile.Time(result.IssuedAt)}{(result.ExpiresAt is { } expiry ? $" to {TokenFile.Time(expiry)}" : "")}"));
        foreach (SubmoduleResult submodule in result.Submodules)
        {
            output.WriteLine(Terminal.Plain($"  {submodule.Label,-12} {submodule.Status.ToString().ToLowerInvariant()}{(submodule.Appraisal is { } said ? $"; {said.EvidenceKind} judged at {TokenFile.Time(said.EvaluatedAt)} by policy {said.Policy} ({said.PolicyHash[..12]}…)" : "")}"));
            if (submodule.Appraisal is not { } claim)
                continue;
            output.WriteLine(Terminal.Plain($"  tcb          {claim.TcbStatus ?? "no level matches"}{(claim.TcbDate is { } date ? $" of {date:yyyy-MM-dd}" : "")}{(claim.EvaluationDataNumber is { } number ? $", evaluation number {number}" : "")}"));
            if (claim.AdvisoryIds.Count > 0)
                output.WriteLine(Terminal.Plain($"  advisories   {string.Join(", ", claim.AdvisoryIds)}"));
        }
    }
}

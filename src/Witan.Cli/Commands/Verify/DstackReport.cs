using Witan.Attestation;
using Witan.Dstack.Evidence;

namespace Witan.Cli.Commands.Verify;

/// <summary>A guest agent's report as a file: told apart from bare quotes, judged, and shown.</summary>
internal static class DstackReport
{
    /// <summary>What <c>evidence.kind</c> says.</summary>
    public const string Kind = "dstack-evidence";

    /// <summary>
    /// Whether a file is to be read as an agent's answer (a JSON object, also one that is cut short: the reader of evidence says what is wrong
    /// with it) or as versioned attestation bytes, and is no bare quote. <paramref name="bytes"/> are the file's own, or those that its
    /// hexadecimal text means.
    /// </summary>
    public static bool Is(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> text = bytes.Trim("\r\n\t \uFEFF"u8);
        return (!text.IsEmpty && text[0] == (byte)'{') || (bytes.Length > 0 && bytes[0] is 0 or (>= 0x80 and <= 0x8f) or 0xde or 0xdf);
    }

    /// <summary>The quote in a report, by which its collateral is found; the report itself where it cannot be read.</summary>
    public static byte[] QuoteBytes(byte[] bytes) =>
        DstackEvidence.TryParse(bytes, out DstackEvidence? evidence, out _) ? evidence.Quote.Bytes.ToArray() : bytes;

    /// <summary>Verifies and appraises a report. Without trusted collateral <paramref name="problems"/> say why there is none.</summary>
    public static VerifyResult Judge(
        string file, ReadOnlyMemory<byte> bytes, TrustedCollateral? trusted, IReadOnlyList<Finding> problems, DstackDemands demands, DateTimeOffset at)
    {
        if (!DstackEvidence.TryParse(bytes, out DstackEvidence? evidence, out Finding? refusal))
            return new VerifyResult(file, null, null, Appraiser.Refuse(refusal, demands.Policy.Platform)) { Kind = Kind };
        DstackFacts facts = DstackEvidence.Verify(evidence, trusted, demands.Expectations, at);
        Verdict verdict = DstackAppraiser.Appraise(facts, demands.Policy);
        if (trusted is null)
        {
            // Why there is no collateral says more than that there is none.
            Verdict without = Appraiser.WithoutCollateral(problems, demands.Policy.Platform);
            verdict = verdict with
            {
                Outcome = verdict.Outcome == AppraisalOutcome.Rejected ? AppraisalOutcome.Rejected : without.Outcome,
                Findings = [.. without.Findings, .. verdict.Findings.Where(finding => finding.Code != "COLLATERAL_MISSING")],
            };
        }

        return new VerifyResult(file, evidence.Quote, trusted is null ? null : facts.Quote, verdict) { Kind = Kind, Guest = facts };
    }

    /// <summary>Adds the claims of a guest, in hexadecimal where they are bytes. They hold where the verdict is accepted.</summary>
    public static Dictionary<string, string> WithClaims(DstackFacts? guest, Dictionary<string, string> claims)
    {
        if (guest is not { } facts)
            return claims;
        void Add(string name, ReadOnlyMemory<byte>? value)
        {
            if (value is { } bytes)
                claims[name] = Convert.ToHexStringLower(bytes.Span);
        }

        Add("appId", facts.Identity.AppId);
        Add("composeHash", facts.Identity.ComposeHash);
        Add("instanceId", facts.Identity.InstanceId);
        Add("osImageHash", facts.OsImage.Hash);
        Add("deviceId", facts.DeviceId);
        Add("mrSystem", facts.Measurements.System);
        Add("mrAggregated", facts.Measurements.Aggregated);
        claims["osImageBinding"] = facts.OsImage.Binding.ToString().ToLowerInvariant();
        claims["mrConfigVersion"] = $"{facts.MrConfigVersion}";
        if (facts.Identity.KeyProvider is { } provider)
            claims["keyProvider"] = provider.Id.Length == 0 ? provider.Name : $"{provider.Name}:{provider.Id}";
        foreach (RegisterReplay register in facts.Registers)
            claims[$"rtmr{register.Register}Replay"] = register.Outcome switch { ReplayOutcome.Matches => "matches", ReplayOutcome.Differs => "differs", _ => "not in log" };
        return claims;
    }

    /// <summary>The lines about the guest, for people.</summary>
    public static IEnumerable<string> Lines(DstackFacts facts)
    {
        static string Hex(ReadOnlyMemory<byte>? value) => value is { Length: > 0 } bytes ? Convert.ToHexStringLower(bytes.Span) : "none";
        yield return $"app          {Hex(facts.Identity.AppId)}, instance {Hex(facts.Identity.InstanceId)}";
        yield return $"compose      {Hex(facts.Identity.ComposeHash)}{(facts.Expectations.AppCompose is null ? "" : ", compared with the file given")}";
        yield return $"os image     {Hex(facts.OsImage.Hash)} ({facts.OsImage.Binding.ToString().ToLowerInvariant()}){(facts.OsImage.Name is { } name ? $", said to be {Shown(name)}" : "")}";
        yield return $"registers    {string.Join(", ", facts.Registers.Select(register => $"RTMR{register.Register} {(register.Outcome switch { ReplayOutcome.Matches => "replays", ReplayOutcome.Differs => "differs", _ => "not in log" })}"))}";
        if (facts.Identity.KeyProvider is { } provider)
            yield return $"keys from    {Shown(provider.Name)}";
    }

    // The sender's text, before it reaches a terminal.
    private static string Shown(string text) => new([.. text.Take(64).Select(c => char.IsControl(c) ? ' ' : c)]);
}

using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Dstack.Compose;

namespace Witan.Dstack.Evidence;

/// <summary>Runs every check in order and collects the facts. No check ends the run: all that is wrong is said at once.</summary>
internal static class EvidenceVerifier
{
    public static DstackFacts Verify(
        DstackEvidence evidence, TrustedCollateral? collateral, EvidenceExpectations expectations, DateTimeOffset at, VerificationCache? cache)
    {
        QuoteFacts quote = collateral is null ? WithoutCollateral(evidence.Quote, at) : QuoteVerifier.Verify(evidence.Quote, collateral, at, cache);
        var findings = new FindingList();
        findings.AddRange(quote.Findings);
        TdReport report = evidence.Quote.TdReport;
        IReadOnlyList<RegisterReplay> registers = RegisterReplayer.Replay(evidence.EventLog, report, findings);
        AppIdentity identity = AppIdentityReader.Read([.. Runtime(evidence.EventLog)], findings);
        VmConfig? config = ReadConfig(evidence.Config, findings);
        AppCompose? compose = ReadCompose(expectations, findings);
        ExpectationCheck.Check(evidence, identity, expectations, findings);
        int mrConfig = MrConfigCheck.Check(report, identity, config, compose, findings);
        OsImageFacts image = OsImageVerifier.Verify(config, evidence.EventLog, report, findings);
        return new DstackFacts
        {
            Evidence = evidence,
            Quote = quote,
            Authenticity = findings.HasErrors ? Authenticity.NotGenuine : quote.Authenticity,
            Registers = registers,
            Identity = identity,
            Measurements = AggregateMeasurements.Of(report, registers[RuntimeEvent.Register].Replayed!.Value.Span, identity.KeyProviderPayload),
            MrConfigVersion = mrConfig,
            OsImage = image,
            VmConfig = config,
            DeviceId = quote is { Authenticity: Authenticity.Genuine, Pck: { } pck } ? SHA256.HashData(pck.Ppid.Span) : default(ReadOnlyMemory<byte>?),
            Expectations = expectations,
            Findings = findings.All,
        };
    }

    // Entries of an unknown version have a finding already, and no reading.
    private static IEnumerable<RuntimeEvent> Runtime(EventLog log) =>
        log.Entries.Where(entry => entry is { Register: RuntimeEvent.Register, IsRuntime: true, Version: 1 or 2 }).Select(entry => entry.ToRuntimeEvent());

    private static QuoteFacts WithoutCollateral(Quote quote, DateTimeOffset at) => new()
    {
        Quote = quote,
        At = at,
        Authenticity = Authenticity.Undetermined,
        IsSimulated = false,
        Findings =
        [
            new Finding("COLLATERAL_MISSING", FindingSeverity.Undecided, "no collateral was given: who signed the quote was not checked")
            {
                Subject = "quote",
                Actor = FindingActor.VerifierOperator,
                Remedy = "Fetch the collateral of this platform and give it.",
            },
        ],
    };

    private static VmConfig? ReadConfig(string? text, FindingList findings)
    {
        if (string.IsNullOrEmpty(text))
        {
            findings.Note("VM_CONFIG_ABSENT", "vm_config", "no vm_config was sent: nothing is known of the OS image beyond its registers");
            return null;
        }

        if (!VmConfig.TryParse(text, out VmConfig? config, out Finding? refusal))
            findings.Add(refusal);
        return config;
    }

    private static AppCompose? ReadCompose(EvidenceExpectations expectations, FindingList findings)
    {
        if (expectations.AppCompose is not { } file)
            return null;
        if (!AppCompose.TryParse(file, out AppCompose? compose, out Finding? refusal))
            findings.Add(refusal);
        return compose;
    }
}

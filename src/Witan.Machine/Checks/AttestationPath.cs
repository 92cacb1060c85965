using Witan.Attestation;

namespace Witan.Machine;

/// <summary>How an enclave of this machine could prove itself to others.</summary>
public enum AttestationPathKind
{
    /// <summary>Not enough is known.</summary>
    Unknown,

    /// <summary>No SGX, no SGX quote.</summary>
    None,

    /// <summary>Only EPID, whose service ended on 2 April 2025: no attestation is possible any more.</summary>
    EpidOnly,

    /// <summary>EPID in the past; DCAP if Intel has certified the platform.</summary>
    DcapIfCertified,

    /// <summary>DCAP, never EPID.</summary>
    DcapOnly,
}

/// <summary>Predicts the attestation path from the processor, before anything is tried.</summary>
internal static class AttestationPath
{
    private const string QuoteId = "attestation.quote";

    public static AttestationPathKind Predict(CpuFacts cpu, SgxInstructionSet instructions, FlexibleLaunchControl flc) =>
        instructions.CpuSupport == Mark.Fatal ? AttestationPathKind.None
        : instructions.CpuSupport == Mark.Unknown || cpu.Signature is null ? AttestationPathKind.Unknown
        : Platform.Of(cpu) is Generation.IceLakeServer or Generation.SapphireRapidsOrLater ? AttestationPathKind.DcapOnly
        : flc.CpuSupport switch
        {
            Mark.Supported => AttestationPathKind.DcapIfCertified,
            Mark.Fatal => AttestationPathKind.EpidOnly,
            _ => AttestationPathKind.Unknown,
        };

    public static Check Build(MachineSnapshot snapshot, CpuFacts cpu, SgxInstructionSet instructions, FlexibleLaunchControl flc)
    {
        AttestationPathKind kind = Predict(cpu, instructions, flc);
        var aesm = new AesmFacts(snapshot);
        (Mark mark, Problem? problem) = Decide(kind, cpu, aesm);
        // What the platform says of itself outweighs a prediction, and a quote that was prepared outweighs that.
        if (mark == Mark.Unknown && Registration.IsRegistered(snapshot) == false)
            (mark, problem) = (Mark.Fatal, Registration.Unregistered(snapshot, harmless: false));
        var evidence = new List<string> { cpu.Evidence(1), cpu.Evidence(7) };
        if (aesm.Keys is { } keys)
            evidence.Add($"AESM offers {(keys.Count == 0 ? "no key" : string.Join(", ", keys.Select(key => key.Name)))}");
        if (aesm.Provision is { } provision)
            evidence.Add($"AESM answered {AesmFacts.ProvisionRequest}: {provision}");
        return new Check("attestation", "Remote attestation", mark)
        {
            Rule = "predicted from processor and flexible launch control; ✔ where AESM, asked with --attest, prepared a quote with an ECDSA key; else ✘ where the platform says that it is not registered",
            Children =
            [
                new Check("attestation.path", Sentence(kind, cpu), Mark.Supported) { Form = CheckForm.Text, Evidence = [.. evidence] },
                new Check(QuoteId, "Quotes that verifiers still accept (DCAP)", mark)
                {
                    Rule = "AESM lists an ECDSA key and answers initQuoteEx with the key's id; made only with --attest, because it may use the network",
                    Evidence = [.. evidence],
                    Problem = problem,
                },
                Registration.Build(snapshot, harmless: mark == Mark.Supported),
            ],
        }.HiddenIf(kind == AttestationPathKind.None, "SGX is not in this processor");
    }

    /// <summary>
    /// What it is worth to a verdict: a prediction that was not tried counts, and whoever reads the verdict is told. Where nothing
    /// could be predicted, or AESM was asked and did not say, it is not known.
    /// </summary>
    public static Mark ForWorkers(Check attestation, out bool isPredicted)
    {
        isPredicted = false;
        foreach (Check child in attestation.Children)
            isPredicted |= child is { Id: QuoteId, Mark: Mark.Unknown, Problem.Finding.Severity: FindingSeverity.Note };
        return isPredicted ? Mark.Supported : attestation.Mark;
    }

    private static string Sentence(AttestationPathKind kind, CpuFacts cpu) => kind switch
    {
        AttestationPathKind.EpidOnly => "Prediction: EPID only; EPID ended in April 2025, so no attestation is possible any more",
        AttestationPathKind.DcapIfCertified => "Prediction: DCAP, if Intel has certified the platform; EPID is gone",
        AttestationPathKind.DcapOnly => $"Prediction: DCAP only; {Platform.Name(cpu)} has no EPID",
        AttestationPathKind.None => "Prediction: none",
        _ => "Prediction: unknown",
    };

    private static (Mark Mark, Problem? Problem) Decide(AttestationPathKind kind, CpuFacts cpu, AesmFacts aesm)
    {
        string evidence = $"{cpu.Evidence(1)}; {cpu.Evidence(7)}";
        switch (kind)
        {
            case AttestationPathKind.EpidOnly:
                return (Mark.Fatal, Problem.Of(
                    ProblemState.Absent, "ATTESTATION_EPID_ONLY", "Nothing that enclaves say here can be verified by others any more.", evidence,
                    "Without flexible launch control a processor has only EPID, and Intel ended its service on 2 April 2025.",
                    "Use a machine with DCAP or TDX for confidential workers. This one can still run enclaves for its own owner.", Actor.ChipVendor));
            case AttestationPathKind.Unknown:
                return (Mark.Unknown, Problem.Of(
                    ProblemState.Unreadable, "ATTESTATION_PATH_UNKNOWN", "How this machine could attest is not known.", evidence,
                    "The recording does not hold the processor's leaves 1 and 7.", "Run this command on the machine itself.", Actor.Nobody));
        }

        if (aesm.Provision is { } reply && reply.ErrorCode != 0)
        {
            (string remedy, Actor actor) = AesmErrors.Remedy(reply.ErrorCode) ?? ("See journalctl -u aesmd.", Actor.PackageOwner);
            return (Mark.Fatal, Problem.Of(
                ProblemState.Failed, "ATTESTATION_QUOTE_NOT_PREPARED", $"AESM could not prepare a quote: error {AesmErrors.Describe(reply.ErrorCode)}.",
                $"{AesmFacts.ProvisionRequest}: {reply}", $"AESM answered with error {AesmErrors.Describe(reply.ErrorCode)}.", remedy, actor));
        }

        if (aesm.Provision is { } prepared && prepared.Bytes(AesmReply.KeyId).Length > 0)
            return (Mark.Supported, null);
        string silence = aesm.Provision is not null ? "it gave no id of the key" : aesm.ProvisionFailure;
        if (WithoutQuoting(silence) is { } without)
        {
            return (Mark.Unknown, Problem.Of(
                ProblemState.Unreadable, "ATTESTATION_NO_QUOTING", $"No quote could be tried: {without.Cause}", $"{AesmFacts.ProvisionRequest}: {silence}", without.Cause,
                $"{without.Remedy} A worker that makes its quotes itself (Gramine's way) needs none: judge one of its quotes with --quote FILE.", Actor.PackageOwner));
        }

        if (silence.Length > 0)
        {
            return (Mark.Unknown, Problem.Of(
                ProblemState.Unreadable, "ATTESTATION_QUOTE_NO_ANSWER", $"AESM did not say whether it can prepare a quote: {silence}.",
                $"{AesmFacts.ProvisionRequest}: {silence}", "The service waits for the network (its PCK service), hangs, or died.",
                "See journalctl -u aesmd; check the PCK service in /etc/sgx_default_qcnl.conf.", Actor.PackageOwner));
        }

        return (Mark.Unknown, Problem.Of(
            ProblemState.Unreadable, "ATTESTATION_NOT_TRIED", "That quotes can be made is predicted, not tried.",
            KeysEvidence(aesm),
            "A quote needs a quoting service (AESM, or one inside the worker such as Gramine's) and a PCK certificate for this platform.",
            "Run with --attest to have AESM prepare a quote, or judge one with --quote FILE --collateral FILE.", Actor.PackageOwner, harmless: true));
    }

    private static (string Cause, string Remedy)? WithoutQuoting(string reason) => reason switch
    {
        AesmFacts.NoService => ("AESM cannot be reached here.", "Install and start sgx-aesm-service with libsgx-aesm-quote-ex-plugin and libsgx-aesm-ecdsa-plugin; in a container, mount /var/run/aesmd."),
        AesmFacts.TooOld => ("AESM is older than the requests for DCAP quotes.", "Update sgx-aesm-service."),
        AesmFacts.NoKeys => ("AESM does not name the kinds of its attestation keys.", "Install libsgx-aesm-quote-ex-plugin and libsgx-aesm-ecdsa-plugin, then restart aesmd; see journalctl -u aesmd."),
        AesmFacts.NoEcdsaKey => ("AESM has no ECDSA key, the only kind that verifiers still accept.", "Install libsgx-aesm-ecdsa-plugin, then restart aesmd."),
        _ => null,
    };

    private static string KeysEvidence(AesmFacts aesm) => aesm switch
    {
        { Keys: { } keys } => keys.Any(key => key.IsEcdsa) ? "AESM lists an ECDSA key" : "AESM lists no ECDSA key",
        { KeysFailure.Length: > 0 } => $"AESM did not name its keys: {aesm.KeysFailure}",
        _ => "AESM was not asked for its keys, or does not run",
    };
}

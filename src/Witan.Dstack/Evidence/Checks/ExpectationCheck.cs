using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Witan.Dstack.Compose;

namespace Witan.Dstack.Evidence;

/// <summary>Compares evidence with itself where it says a thing twice, and with what the caller knows.</summary>
internal static class ExpectationCheck
{
    public static void Check(DstackEvidence evidence, AppIdentity identity, EvidenceExpectations expected, FindingList findings)
    {
        CheckReportData(evidence, expected, findings);
        if (evidence.RuntimeEvents is { } second && !Agree(evidence.EventLog.RuntimeEvents, second))
            findings.Fail("EVENT_LISTS_DIFFER", "runtime_events", "the attestation's two lists of runtime events are not the same", FindingActor.Sender, "Send the attestation as the guest agent gave it.");
        if (expected.AppCompose is { } file)
            Compare("COMPOSE_HASH_MISMATCH", "compose-hash", "the application runs another app-compose file than the one given", ComposeHash.OfFile(file.Span), identity.ComposeHash, findings);
        if (expected.AppId is { } app)
            Compare("APP_ID_MISMATCH", "app-id", "the evidence is of another application", app, identity.AppId, findings);
        if (expected.InstanceId is { } instance)
            Compare("INSTANCE_ID_MISMATCH", "instance-id", "the evidence is of another instance", instance, identity.InstanceId, findings);
        if (expected.GpuAttestation is { } gpu)
            Compare("GPU_ATTESTATION_MISMATCH", "gpu-attestation", "the GPU's attestation is not the one that was measured", SHA256.HashData(Encoding.UTF8.GetBytes(gpu)), identity.GpuEvidenceHash, findings);
    }

    private static void CheckReportData(DstackEvidence evidence, EvidenceExpectations expected, FindingList findings)
    {
        ReadOnlySpan<byte> quoted = evidence.Quote.ReportData;
        if (expected.ReportData is { } wanted && !CryptographicOperations.FixedTimeEquals(quoted, wanted.Span))
        {
            findings.Fail(
                "REPORT_DATA_MISMATCH", "REPORTDATA", "the quote binds other report data than expected: another key, an old nonce, or another audience",
                FindingActor.Sender, "Attest again with the nonce given.", Convert.ToHexStringLower(quoted));
        }

        if (evidence.ReportData is { } said && !said.Span.SequenceEqual(quoted))
            findings.Fail("REPORT_DATA_FIELD_MISMATCH", "report_data", "the report data beside the quote are not those in it", FindingActor.Sender, "Send quote and report data of the same answer.");
        if (evidence.ReportDataPayload is { } payload && !SHA512.HashData([.. "app-data:"u8, .. Encoding.UTF8.GetBytes(payload)]).AsSpan().SequenceEqual(quoted))
            findings.Fail("REPORT_DATA_PAYLOAD_MISMATCH", "report_data_payload", "the report data are not the hash of the payload beside them", FindingActor.Sender);
    }

    private static void Compare(string code, string subject, string message, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte>? measured, FindingList findings)
    {
        if (measured is { } value && value.Span.SequenceEqual(expected.Span))
            return;
        string have = measured is { } found ? Convert.ToHexStringLower(found.Span) : "nothing";
        findings.Fail(code, subject, message, FindingActor.WorkloadOwner, null, $"{have} measured, {Convert.ToHexStringLower(expected.Span)} expected");
    }

    private static bool Agree(IEnumerable<RuntimeEvent> log, IReadOnlyList<RuntimeEvent> second)
    {
        int i = 0;
        foreach (RuntimeEvent one in log)
        {
            if (i == second.Count)
                return false;
            RuntimeEvent other = second[i++];
            if (one.Name != other.Name || one.Version != other.Version || !one.Payload.Span.SequenceEqual(other.Payload.Span))
                return false;
        }

        return i == second.Count;
    }
}

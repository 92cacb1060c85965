using System.Diagnostics.CodeAnalysis;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>Which of the two layouts a versioned attestation has.</summary>
public enum AttestationLayout
{
    /// <summary>First byte 0x00, then SCALE. Events are of version 1.</summary>
    V0,

    /// <summary>A MessagePack map. Written where an event is of version 2.</summary>
    V1,
}

/// <summary>
/// The bytes that <c>Attest</c> answers with and that RA-TLS certificates carry: quote, event log, runtime events, report data
/// and configuration in one. Nothing in it is verified by parsing.
/// </summary>
public sealed record VersionedAttestation
{
    /// <summary>Largest attestation that is read, in bytes.</summary>
    public const int MaximumSize = 10 << 20;

    /// <summary>The layout it was read from, or is to be written in.</summary>
    public required AttestationLayout Layout { get; init; }

    /// <summary>TDX quote.</summary>
    public required ReadOnlyMemory<byte> Quote { get; init; }

    /// <summary>The event log; stripped attestations keep the ACPI entries and RTMR3.</summary>
    public required EventLog EventLog { get; init; }

    /// <summary>The events of RTMR3 once more; the two lists must agree.</summary>
    public required IReadOnlyList<RuntimeEvent> RuntimeEvents { get; init; }

    /// <summary>The report data, 64 bytes; must be the quote's.</summary>
    public required ReadOnlyMemory<byte> ReportData { get; init; }

    /// <summary>vm_config or sys-config as JSON text.</summary>
    public required string Config { get; init; }

    /// <summary>The text whose hash the report data is (stack <c>dstack-pod</c>); null in the normal stack.</summary>
    public string? ReportDataPayload { get; init; }

    /// <summary>Reads either layout. Trailing bytes are refused. Never throws; work is bounded by the size.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out VersionedAttestation? attestation, [NotNullWhen(false)] out Finding? refusal)
    {
        attestation = null;
        if (bytes.Length > MaximumSize)
            refusal = Refuse("ATTESTATION_TOO_LARGE", $"the attestation has {bytes.Length} bytes; at most {MaximumSize} are read", null);
        else if (bytes.IsEmpty)
            refusal = Refuse("ATTESTATION_FORMAT", "the attestation is empty", 0);
        else if (bytes.Span[0] == 0)
            refusal = ScaleAttestation.Read(bytes, out attestation);
        else if (bytes.Span[0] is >= 0x80 and <= 0x8f or 0xde or 0xdf)
            refusal = MessagePackAttestation.Read(bytes, out attestation);
        else
            refusal = Refuse("ATTESTATION_FORMAT", $"no layout of an attestation begins with 0x{bytes.Span[0]:x2}", 0);
        return attestation is not null;
    }

    /// <summary>The bytes in <see cref="Layout"/>. Throws <see cref="InvalidOperationException"/> where version 2 events are to go into V0.</summary>
    public byte[] Encode() => Layout == AttestationLayout.V0 ? ScaleAttestation.Write(this) : MessagePackAttestation.Write(this);

    /// <summary>
    /// As it goes into certificates: without the firmware's events but the ACPI entries of RTMR0, and without what can be
    /// recomputed.
    /// </summary>
    public VersionedAttestation Strip() => this with
    {
        EventLog = new EventLog([.. EventLog.Entries
            .Where(entry => entry.Register == RuntimeEvent.Register || entry is { Register: 0, Type: EventLogEntry.AcpiDataType })
            .Select(EventLog.Strip)]),
    };

    internal static Finding Refuse(string code, string message, int? offset) => new(code, FindingSeverity.Error, message)
    {
        Subject = "attestation",
        Actor = FindingActor.Sender,
        Remedy = "Send the attestation as the guest agent gave it.",
        Offset = offset,
    };
}

using System.Diagnostics.CodeAnalysis;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// What a dstack guest sends to prove what it is: a TDX quote, the event log that explains its registers, and what the host says
/// of the machine. Parsing says that it is whole, nothing about its truth; <see cref="Verify"/> does.
/// </summary>
public sealed record DstackEvidence
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaximumSize = 24 << 20;

    /// <summary>The quote.</summary>
    public required Quote Quote { get; init; }

    /// <summary>The event log.</summary>
    public required EventLog EventLog { get; init; }

    /// <summary>The second list of runtime events that attestations carry; must agree with the log. Null where there is none.</summary>
    public IReadOnlyList<RuntimeEvent>? RuntimeEvents { get; init; }

    /// <summary>The report data as the sender repeats it; null where it does not.</summary>
    public ReadOnlyMemory<byte>? ReportData { get; init; }

    /// <summary>The text whose hash the report data is; null where none was sent.</summary>
    public string? ReportDataPayload { get; init; }

    /// <summary>vm_config or sys-config as JSON text; null where none was sent.</summary>
    public string? Config { get; init; }

    /// <summary>
    /// Reads evidence in any published form: the JSON answers of <c>GetQuote</c>, <c>Attest</c>, <c>TdxQuote</c> and
    /// <c>RawQuote</c>, a request to dstack-verifier, or versioned attestation bytes, as such or in hexadecimal. Never throws.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> file, [NotNullWhen(true)] out DstackEvidence? evidence, [NotNullWhen(false)] out Finding? refusal)
    {
        refusal = EvidenceReader.Read(file, out evidence);
        return evidence is not null;
    }

    /// <summary>The evidence in a versioned attestation. On false the refusal is of the quote in it.</summary>
    public static bool TryCreate(
        VersionedAttestation attestation, [NotNullWhen(true)] out DstackEvidence? evidence, [NotNullWhen(false)] out Finding? refusal)
    {
        evidence = null;
        if (EvidenceReader.ReadQuote(attestation.Quote, out Quote? quote) is { } problem)
        {
            refusal = problem;
            return false;
        }

        refusal = null;
        evidence = new DstackEvidence
        {
            Quote = quote!,
            EventLog = attestation.EventLog,
            RuntimeEvents = attestation.RuntimeEvents,
            ReportData = attestation.ReportData,
            ReportDataPayload = attestation.ReportDataPayload,
            Config = attestation.Config,
        };
        return true;
    }

    /// <summary>
    /// Establishes what is true of evidence: the quote under its collateral, the registers by replay, the identity the events give,
    /// the OS image, and whether it is what the caller expects. Says nothing about whether that is good enough: see
    /// <see cref="DstackAppraiser"/>.
    /// </summary>
    /// <param name="evidence">The evidence.</param>
    /// <param name="collateral">Verified collateral; null leaves the quote's authenticity undetermined, never good.</param>
    /// <param name="expectations">What the caller knows about this exchange.</param>
    /// <param name="at">The moment to judge at.</param>
    /// <param name="cache">A memory of hosts seen before; the facts are equal whatever it holds.</param>
    public static DstackFacts Verify(
        DstackEvidence evidence, TrustedCollateral? collateral, EvidenceExpectations expectations, DateTimeOffset at, VerificationCache? cache = null) =>
        EvidenceVerifier.Verify(evidence, collateral, expectations, at, cache);
}

using System.Security.Cryptography;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>The two digests under which dstack's own key service and contracts list a guest.</summary>
/// <param name="System"><c>mr_system</c>: the machine and key provider, without the application; 32 bytes.</param>
/// <param name="Aggregated"><c>mr_aggregated</c>: everything measured; 32 bytes.</param>
public sealed record AggregateMeasurements(ReadOnlyMemory<byte> System, ReadOnlyMemory<byte> Aggregated)
{
    /// <summary>
    /// Computes both: <c>mr_system</c> is SHA-256 over MRTD, RTMR0 to RTMR2 and the SHA-256 of the key provider's payload (zeros
    /// where there is none); <c>mr_aggregated</c> over MRTD, RTMR0 to RTMR3 and, where any of them is not zero, MRCONFIGID, MROWNER
    /// and MROWNERCONFIG.
    /// </summary>
    /// <param name="report">The TD report.</param>
    /// <param name="rtmr3">RTMR3 as replayed.</param>
    /// <param name="keyProviderPayload">Payload of the <c>key-provider</c> event; null where there is none.</param>
    public static AggregateMeasurements Of(TdReport report, ReadOnlySpan<byte> rtmr3, ReadOnlyMemory<byte>? keyProviderPayload)
    {
        Span<byte> provider = stackalloc byte[32];
        provider.Clear();
        if (keyProviderPayload is { } payload)
            SHA256.HashData(payload.Span, provider);
        ReadOnlySpan<byte> platform = report.Bytes.Span.Slice(328, 3 * MeasurementRegister.Size);
        ReadOnlySpan<byte> configuration = report.Bytes.Span.Slice(184, 3 * MeasurementRegister.Size);
        byte[] system = SHA256.HashData([.. report.MrTd, .. platform, .. provider]);
        byte[] aggregated = configuration.IndexOfAnyExcept((byte)0) < 0
            ? SHA256.HashData([.. report.MrTd, .. platform, .. rtmr3])
            : SHA256.HashData([.. report.MrTd, .. platform, .. rtmr3, .. configuration]);
        return new AggregateMeasurements(system, aggregated);
    }
}

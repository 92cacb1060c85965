using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Witan.Attestation;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.RaTls;

/// <summary>
/// Issues certificates whose evidence vouches for their key. The key is made here and never leaves the process: unlike the key
/// of <c>GetTlsKey</c>, not even the agent sees it.
/// </summary>
public sealed class RaTlsIssuer(DstackClient agent, TimeProvider clock)
{
    private const string ServerAuthOid = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthOid = "1.3.6.1.5.5.7.3.2";

    // Peers' clocks may be behind ours.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Makes a P-256 key, asks the agent for a quote over it, and signs the certificate with the key itself. The caller disposes the
    /// certificate. Throws <see cref="DstackException"/> where the agent does not give usable evidence.
    /// </summary>
    public async Task<X509Certificate2> IssueAsync(RaTlsCertificateOptions options, CancellationToken cancellationToken = default)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] reportData = RaTlsBinding.ReportData(key.ExportSubjectPublicKeyInfo());
        GetQuoteResponse answer = await agent.GetQuoteAsync(reportData, cancellationToken);
        InfoResponse info = await agent.InfoAsync(cancellationToken);
        VersionedAttestation attestation = Attestation(answer, reportData);
        DateTimeOffset now = clock.GetUtcNow();
        var request = new CertificateRequest(Name(options.Subject), key, HashAlgorithmName.SHA256);
        AddUsages(request, options);
        AddEvidence(request, options.Form, attestation);
        if (options.SpecialUsage is { } usage)
            request.CertificateExtensions.Add(RaTlsEvidence.Wrap(RaTlsOid.SpecialUsage, Encoding.UTF8.GetBytes(usage)));
        request.CertificateExtensions.Add(RaTlsEvidence.Wrap(RaTlsOid.AppId, AgentHex.Decode(info.AppId, "Info: app_id")));
        if (options.WithAppInfo)
            request.CertificateExtensions.Add(RaTlsEvidence.Wrap(RaTlsOid.AppInfo, AppInfo(info, attestation).Encode()));
        return request.CreateSelfSigned(now - Skew, now + options.Lifetime);
    }

    private static X500DistinguishedName Name(string subject)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(subject);
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(subject);
        return builder.Build();
    }

    private static void AddUsages(CertificateRequest request, RaTlsCertificateOptions options)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        var usages = new OidCollection();
        if (options.ServerAuth)
            usages.Add(new Oid(ServerAuthOid));
        if (options.ClientAuth)
            usages.Add(new Oid(ClientAuthOid));
        if (usages.Count > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        if (options.AltNames.Count == 0)
            return;
        var names = new SubjectAlternativeNameBuilder();
        foreach (string name in options.AltNames)
        {
            // Of what .NET reads as an address only the usual spellings are one: "5" is a name.
            if (IPAddress.TryParse(name, out IPAddress? address) && (name.Contains(':', StringComparison.Ordinal) || address.ToString() == name))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
    }

    private static void AddEvidence(CertificateRequest request, RaTlsForm form, VersionedAttestation attestation)
    {
        if (form == RaTlsForm.Current)
        {
            request.CertificateExtensions.Add(RaTlsEvidence.Wrap(RaTlsOid.Attestation, attestation.Strip().Encode()));
            return;
        }

        byte[] log = Encoding.UTF8.GetBytes(attestation.Strip().EventLog.ToJson());
        request.CertificateExtensions.Add(RaTlsEvidence.Wrap(RaTlsOid.Quote, attestation.Quote.Span));
        request.CertificateExtensions.Add(RaTlsEvidence.Wrap(RaTlsOid.EventLog, form == RaTlsForm.Legacy ? log : CompressedEventLog.Compress(log)));
    }

    private static VersionedAttestation Attestation(GetQuoteResponse answer, byte[] reportData)
    {
        if (!EventLog.TryParse(Encoding.UTF8.GetBytes(answer.EventLog), out EventLog? log, out Finding? refusal))
            throw new DstackProtocolException($"GetQuote: {refusal.Message}");
        RuntimeEvent[] events = [.. log.RuntimeEvents];
        return new VersionedAttestation
        {
            Layout = events.Any(each => each.Version != EventDigestVersion.V1) ? AttestationLayout.V1 : AttestationLayout.V0,
            Quote = answer.QuoteBytes(),
            EventLog = log,
            RuntimeEvents = events,
            ReportData = reportData,
            Config = answer.VmConfig,
        };
    }

    private static RaTlsAppInfo AppInfo(InfoResponse info, VersionedAttestation attestation)
    {
        if (!Quote.TryParse(attestation.Quote, out Quote? quote, out Finding? refusal) || quote.Tee != TeeType.Tdx)
            throw new DstackProtocolException($"GetQuote: {refusal?.Message ?? "the quote is of no TD"}");
        byte[] provider = Encoding.UTF8.GetBytes(info.KeyProviderInfo);
        AggregateMeasurements measurements = AggregateMeasurements.Of(quote.TdReport, quote.TdReport.Rtmr(RuntimeEvent.Register), provider);
        return new RaTlsAppInfo
        {
            AppId = AgentHex.Decode(info.AppId, "Info: app_id"),
            ComposeHash = AgentHex.Decode(info.ComposeHash, "Info: compose_hash"),
            InstanceId = AgentHex.Decode(info.InstanceId, "Info: instance_id"),
            DeviceId = AgentHex.Decode(info.DeviceId, "Info: device_id"),
            MrSystem = measurements.System,
            MrAggregated = measurements.Aggregated,
            OsImageHash = AgentHex.Decode(info.OsImageHash, "Info: os_image_hash"),
            KeyProviderInfo = provider,
        };
    }
}

using System.IO.Compression;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Witan.Dstack.RaTls;
using Witan.Tests.Dstack.Fetching;
using Xunit;

namespace Witan.Tests.Dstack.RaTls;

/// <summary>Certificates as such: what is accepted, and each thing that is not, with its own finding.</summary>
public sealed class RaTlsCertificateTests : IAsyncLifetime
{
    private Guest _guest = null!;

    public async ValueTask InitializeAsync() => _guest = await Guest.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Theory]
    [InlineData(RaTlsForm.Current)]
    [InlineData(RaTlsForm.Legacy)]
    [InlineData(RaTlsForm.LegacyCompressed)]
    public async Task Every_form_is_issued_and_accepted(RaTlsForm form)
    {
        using X509Certificate2 certificate = await _guest.IssueAsync(change: options => options with { Form = form, SpecialUsage = "app:custom" });
        RaTlsPeer peer = _guest.Verifier().Verify(certificate);
        Assert.True(peer.IsAccepted, string.Join("; ", peer.Verdict.Findings));
        Assert.Equal(1, peer.Verdict.ConfidenceLevel);
        Assert.True(peer.Verdict.IsSimulated);
        Assert.Equal((form != RaTlsForm.Current, "app:custom"), (peer.Evidence!.IsLegacy, peer.Evidence.SpecialUsage));
        Assert.Equal(_guest.ComposeHash, Convert.ToHexStringLower(peer.Facts!.Identity.ComposeHash!.Value.Span));
        Assert.Equal(_guest.ComposeHash, Convert.ToHexStringLower(peer.Evidence.AppInfo!.ComposeHash.Span));
        string[] oids = [.. certificate.Extensions.Select(extension => extension.Oid!.Value!)];
        Assert.Equal(form == RaTlsForm.Current, oids.Contains(RaTlsOid.Attestation));
        Assert.Equal(form != RaTlsForm.Current, oids.Contains(RaTlsOid.Quote) && oids.Contains(RaTlsOid.EventLog));
        Assert.All(certificate.Extensions.Where(extension => extension.Oid!.Value!.Contains("62397", StringComparison.Ordinal)), extension => Assert.False(extension.Critical));
        Assert.DoesNotContain(peer.Verdict.Findings, finding => finding.Code.StartsWith("RATLS_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_that_the_agent_issued_is_accepted_and_one_without_evidence_is_not()
    {
        using DstackClient client = _guest.Client("one");
        using GetTlsKeyResponse tls = await client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "agent", RaTls = true, AppInfo = true });
        using X509Certificate2 certificate = tls.ToCertificate();
        RaTlsPeer peer = _guest.Verifier().Verify(certificate);
        Assert.True(peer.IsAccepted, string.Join("; ", peer.Verdict.Findings));
        Assert.Equal(_guest.ComposeHash, Convert.ToHexStringLower(peer.Evidence!.AppInfo!.ComposeHash.Span));
        Assert.DoesNotContain(peer.Verdict.Findings, finding => finding.Code.StartsWith("RATLS_", StringComparison.Ordinal));
        using GetTlsKeyResponse plain = await client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "agent", AppInfo = true });
        using X509Certificate2 words = plain.ToCertificate();
        Refused(words, "RATLS_NO_EVIDENCE");
    }

    [Fact]
    public async Task Extensions_on_another_key_are_refused()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        using X509Certificate2 stolen = Guest.Forge(genuine.Extensions);
        Refused(stolen, "REPORT_DATA_MISMATCH");
    }

    [Fact]
    public async Task The_quote_of_another_guest_is_refused()
    {
        using X509Certificate2 one = await _guest.IssueAsync();
        using X509Certificate2 two = await _guest.IssueAsync("two");
        using X509Certificate2 swapped = Guest.Again(one, extension => extension.Oid!.Value == RaTlsOid.Attestation
            ? two.Extensions.Where(other => other.Oid!.Value == RaTlsOid.Attestation)
            : [extension]);
        Refused(swapped, "REPORT_DATA_MISMATCH");
        using X509Certificate2 both = Guest.Again(one, extension => extension.Oid!.Value == RaTlsOid.Attestation
            ? [extension, RaTlsEvidence.Wrap(RaTlsOid.Quote, Read(two).Evidence.Quote.Bytes.Span)]
            : [extension]);
        Refused(both, "RATLS_EVIDENCE_AMBIGUOUS");
    }

    [Fact]
    public async Task A_certificate_without_evidence_proves_nothing()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        using X509Certificate2 bare = Guest.Again(genuine, extension => extension.Oid!.Value == RaTlsOid.Attestation ? [] : [extension]);
        Refused(bare, "RATLS_NO_EVIDENCE");
        using X509Certificate2 plain = Guest.Forge([]);
        Refused(plain, "RATLS_NO_EVIDENCE");
    }

    [Fact]
    public async Task Dates_count_to_the_second()
    {
        using X509Certificate2 certificate = await _guest.IssueAsync();
        Assert.True(_guest.Verifier(clock: new SetClock(new DateTimeOffset(certificate.NotAfter))).Verify(certificate).IsAccepted);
        Refused(certificate, "RATLS_CERTIFICATE_EXPIRED", clock: new SetClock(new DateTimeOffset(certificate.NotAfter).AddSeconds(1)));
        Refused(certificate, "RATLS_CERTIFICATE_NOT_YET_VALID", clock: new SetClock(new DateTimeOffset(certificate.NotBefore).AddSeconds(-1)));
    }

    [Fact]
    public async Task What_the_policy_and_the_caller_demand_is_demanded()
    {
        using X509Certificate2 other = await _guest.IssueAsync("three");
        Refused(other, "POLICY_COMPOSE_HASH");
        using X509Certificate2 one = await _guest.IssueAsync();
        Refused(one, "INSTANCE_ID_MISMATCH", trust => trust with { Expectations = new EvidenceExpectations { InstanceId = new byte[20] } });
        Refused(one, "POLICY_SIMULATED", trust => trust with { Policy = trust.Policy with { Platform = AppraisalPolicy.Phala } });
    }

    [Fact]
    public async Task Without_collateral_nothing_is_decided_and_nobody_is_accepted()
    {
        using X509Certificate2 certificate = await _guest.IssueAsync();
        RaTlsPeer peer = _guest.Verifier(trust => trust with { Collateral = _ => null }).Verify(certificate);
        Assert.False(peer.IsAccepted);
        Assert.Equal(AppraisalOutcome.Undecided, peer.Verdict.Outcome);
        Assert.Equal("COLLATERAL_MISSING", peer.Verdict.Cause!.Code);
        Assert.Equal("tdx-platform-D0D0D0D0D0D0", peer.Verdict.Cause.Evidence);
    }

    [Theory]
    [InlineData(RaTlsOid.AppId, "RATLS_CLAIM_MISMATCH")]
    [InlineData(RaTlsOid.AppInfo, "RATLS_EXTENSION_FORMAT")]
    [InlineData(RaTlsOid.Attestation, "ATTESTATION_FORMAT")]
    public async Task Another_value_in_an_extension_is_noticed(string oid, string code)
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        using X509Certificate2 changed = Guest.Again(genuine, extension => [extension.Oid!.Value == oid ? RaTlsEvidence.Wrap(oid, new byte[] { 0xFF, 1, 2 }) : extension]);
        Refused(changed, code);
        using X509Certificate2 unwrapped = Guest.Again(genuine, extension => [extension.Oid!.Value == oid ? new X509Extension(oid, [1, 2, 3], false) : extension]);
        Refused(unwrapped, "RATLS_EXTENSION_FORMAT");
    }

    [Fact]
    public async Task The_issuers_application_info_must_be_what_was_measured()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        RaTlsAppInfo info = Read(genuine).AppInfo!;
        foreach ((RaTlsAppInfo lie, bool refused) in new[]
        {
            (info with { ComposeHash = new byte[32] }, true), (info with { AppId = new byte[20] }, true), (info with { InstanceId = new byte[20] }, true),
            (info with { MrAggregated = new byte[32] }, false),
        })
        {
            using X509Certificate2 changed = Guest.Again(genuine, extension => [extension.Oid!.Value == RaTlsOid.AppInfo ? RaTlsEvidence.Wrap(RaTlsOid.AppInfo, lie.Encode()) : extension]);
            RaTlsPeer peer = _guest.Verifier().Verify(changed);
            Assert.Equal(refused, !peer.IsAccepted);
            Assert.Contains(peer.Verdict.Findings, finding => finding.Code == (refused ? "RATLS_CLAIM_MISMATCH" : "RATLS_MEASUREMENT_DIFFERS"));
        }
    }

    [Fact]
    public async Task Events_and_quote_bytes_changed_in_an_older_certificate_are_refused()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync(change: options => options with { Form = RaTlsForm.Legacy });
        string log = Read(genuine).Evidence.EventLog.ToJson();
        string composeHash = _guest.ComposeHash;
        X509Certificate2 With(string oid, byte[] value) => Guest.Again(genuine, extension => [extension.Oid!.Value == oid ? RaTlsEvidence.Wrap(oid, value) : extension]);
        using X509Certificate2 otherEvents = With(RaTlsOid.EventLog, Encoding.UTF8.GetBytes(log.Replace(composeHash, new string('0', 64), StringComparison.Ordinal)));
        Refused(otherEvents, "RTMR3_REPLAY_MISMATCH");
        byte[] quote = Read(genuine).Evidence.Quote.Bytes.ToArray();
        quote[140] ^= 1;
        using X509Certificate2 otherQuote = With(RaTlsOid.Quote, quote);
        Assert.False(_guest.Verifier().Verify(otherQuote).IsAccepted);
        using X509Certificate2 noLog = Guest.Again(genuine, extension => extension.Oid!.Value == RaTlsOid.EventLog ? [] : [extension]);
        Refused(noLog, "RATLS_EVENT_LOG");
        using X509Certificate2 noGzip = With(RaTlsOid.EventLog, [.. "ELGZv1"u8, 1, 2, 3]);
        Refused(noGzip, "RATLS_EVENT_LOG");
        using X509Certificate2 bomb = With(RaTlsOid.EventLog, Bomb());
        Refused(bomb, "RATLS_EVENT_LOG");
    }

    [Fact]
    public async Task Every_changed_bit_of_the_attestation_is_refused_or_changes_no_claim()
    {
        using X509Certificate2 genuine = await _guest.IssueAsync();
        RaTlsPeer before = _guest.Verifier().Verify(genuine);
        byte[] value = genuine.Extensions.Single(extension => extension.Oid!.Value == RaTlsOid.Attestation).RawData;
        int accepted = 0;
        // A stride that is prime to the structure: every region is hit, and the test stays short.
        for (int at = 8; at < value.Length; at += 89)
        {
            byte[] flipped = [.. value];
            flipped[at] ^= 0x10;
            using X509Certificate2 changed = Guest.Again(genuine, extension => [extension.Oid!.Value == RaTlsOid.Attestation ? new X509Extension(RaTlsOid.Attestation, flipped, false) : extension]);
            RaTlsPeer peer = _guest.Verifier().Verify(changed);
            if (!peer.IsAccepted)
                continue;
            accepted++;
            Assert.Equal(before.Facts!.Evidence.Quote.SignedBytes.ToArray(), peer.Facts!.Evidence.Quote.SignedBytes.ToArray());
            Assert.Equal(before.Facts.Identity.ComposeHash!.Value.ToArray(), peer.Facts.Identity.ComposeHash!.Value.ToArray());
        }

        Assert.InRange(accepted, 0, value.Length / 89 / 4);
    }

    [Fact]
    public void Application_info_survives_writing_and_no_part_of_it_is_taken_for_the_whole()
    {
        var info = new RaTlsAppInfo
        {
            AppId = new byte[20],
            ComposeHash = new byte[32],
            InstanceId = Array.Empty<byte>(),
            DeviceId = new byte[32],
            MrSystem = new byte[32],
            MrAggregated = new byte[32],
            OsImageHash = new byte[32],
            KeyProviderInfo = new byte[300],
            InitScriptHashes = [new byte[32], new byte[32]],
        };
        byte[] bytes = info.Encode();
        Assert.True(RaTlsAppInfo.TryParse(bytes, out RaTlsAppInfo? read));
        Assert.Equal(bytes, read.Encode());
        for (int i = 0; i < bytes.Length; i++)
            Assert.False(RaTlsAppInfo.TryParse(bytes.AsMemory(0, i), out _));
        Assert.False(RaTlsAppInfo.TryParse(new byte[] { 0x9F, 0xC4, 0xFF }, out _));
        Assert.False(RaTlsAppInfo.TryParse((byte[])[.. bytes, 0], out _));
        // serde writes a plain vector as an array of numbers.
        Assert.True(RaTlsAppInfo.TryParse((byte[])[0x98, 0x91, 0x07, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90], out read));
        Assert.Equal([7], read.AppId.ToArray());
    }

    [Fact]
    public void The_binding_is_the_hash_of_the_prefix_and_the_key() => Assert.Equal(
        System.Security.Cryptography.SHA512.HashData([.. "ratls-cert:"u8, 1, 2, 3]), RaTlsBinding.ReportData([1, 2, 3]));

    private static RaTlsEvidence Read(X509Certificate2 certificate)
    {
        Assert.True(RaTlsEvidence.TryRead(certificate, out RaTlsEvidence? evidence, out Finding? refusal), refusal?.Message);
        return evidence;
    }

    private static byte[] Bomb()
    {
        using var stream = new MemoryStream();
        stream.Write("ELGZv1"u8);
        using (var gzip = new GZipStream(stream, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(new byte[64 << 20]);
        return stream.ToArray();
    }

    private void Refused(X509Certificate2 certificate, string code, Func<RaTlsTrust, RaTlsTrust>? change = null, TimeProvider? clock = null)
    {
        RaTlsPeer peer = _guest.Verifier(change, clock).Verify(certificate);
        Assert.Equal(AppraisalOutcome.Rejected, peer.Verdict.Outcome);
        Assert.True(
            peer.Verdict.Findings.Any(finding => finding.Code == code && finding.Severity == FindingSeverity.Error),
            $"{code} is not among {string.Join(", ", peer.Verdict.Findings.Select(finding => finding.Code))}");
    }
}

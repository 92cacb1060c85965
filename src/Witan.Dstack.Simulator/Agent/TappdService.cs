using System.Security.Cryptography;

namespace Witan.Dstack.Simulator;

/// <summary>The legacy service on tappd.sock.</summary>
internal static class TappdService
{
    public static AgentService Of(Version version) => new(
        "Tappd.",
        new("DeriveKey", AgentSchema.DeriveKeyArgs, AgentSchema.GetTlsKeyResponse, DeriveKey),
        new("DeriveK256Key", AgentSchema.GetKeyArgs, AgentSchema.DeriveK256KeyResponse, (machine, request) =>
        {
            AgentMessage key = GuestService.GetKey(machine, request, version);
            return new AgentMessage(("k256_key", key.Bytes("key")), ("k256_signature_chain", key.ByteStrings("signature_chain")));
        }),
        new("TdxQuote", AgentSchema.TdxQuoteArgs, AgentSchema.TdxQuoteResponse, (machine, request) =>
            Quote(machine, request.Bytes("report_data"), request.Text("hash_algorithm"), request.Text("prefix"))),
        new("RawQuote", AgentSchema.RawQuoteArgs, AgentSchema.TdxQuoteResponse, (machine, request) =>
            Quote(machine, request.Bytes("report_data"), TappdReportData.Raw, "")),
        new("Info", AgentSchema.Empty, AgentSchema.AppInfo, (machine, _) => GuestService.InfoOf(machine, external: false)),
        new("Version", AgentSchema.Empty, AgentSchema.WorkerVersion, (_, _) => GuestService.VersionOf(version)) { Since = AgentVersions.Signing });

    private static AgentMessage DeriveKey(SimulatedCvm machine, AgentMessage request)
    {
        byte[] seed = request.Flag("random_seed") ? RandomNumberGenerator.GetBytes(32) : machine.Keys.Key;
        byte[] scalar = KeyDerivation.DeriveKey(seed, 32, System.Text.Encoding.UTF8.GetBytes(request.Text("path")));
        var leaf = new LeafRequest(request.Text("subject"), request.Texts("alt_names"), request.Flag("usage_server_auth"), request.Flag("usage_client_auth"));
        return GuestService.Certified(machine, scalar, leaf, request);
    }

    private static AgentMessage Quote(SimulatedCvm machine, byte[] content, string algorithm, string prefix)
    {
        bool raw = algorithm == TappdReportData.Raw;
        if (raw && content.Length != DstackClient.ReportDataSize)
            throw new AgentException("invalid content length");
        string effective = raw ? "" : prefix.Length == 0 ? TappdReportData.DefaultPrefix : prefix;
        byte[] reportData;
        try
        {
            reportData = TappdReportData.Compute(content, algorithm, effective);
        }
        catch (ArgumentException)
        {
            throw new AgentException("invalid hash algorithm");
        }

        AgentMessage quote = GuestService.GetQuote(machine, reportData);
        return new AgentMessage(
            ("quote", quote.Bytes("quote")),
            ("event_log", quote.Text("event_log")),
            ("hash_algorithm", algorithm.Length == 0 ? TappdReportData.DefaultAlgorithm : algorithm),
            ("prefix", effective));
    }
}

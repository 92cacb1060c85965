using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.Simulator;

/// <summary>The service on dstack.sock: names, fields and errors as of the real one.</summary>
internal static class GuestService
{
    public static AgentService Of(Version version) => new(
        "DstackGuest.",
        new("GetTlsKey", AgentSchema.GetTlsKeyArgs, AgentSchema.GetTlsKeyResponse, (machine, request) => GetTlsKey(machine, request, version)),
        new("GetKey", AgentSchema.GetKeyArgs, AgentSchema.GetKeyResponse, (machine, request) => GetKey(machine, request, version)),
        new("GetQuote", AgentSchema.RawQuoteArgs, AgentSchema.GetQuoteResponse, (machine, request) => GetQuote(machine, ReportData(request))),
        new("Info", AgentSchema.Empty, AgentSchema.AppInfo, (machine, _) => InfoOf(machine, external: false)),
        new("Attest", AgentSchema.RawQuoteArgs, AgentSchema.AttestResponse, Attest) { Since = AgentVersions.Signing },
        new("Sign", AgentSchema.SignRequest, AgentSchema.SignResponse, SigningMethods.Sign) { Since = AgentVersions.Signing },
        new("Verify", AgentSchema.VerifyRequest, AgentSchema.VerifyResponse, SigningMethods.Verify) { Since = AgentVersions.Signing },
        new("Version", AgentSchema.Empty, AgentSchema.WorkerVersion, (_, _) => VersionOf(version)) { Since = AgentVersions.Signing },
        new("GpuInfo", AgentSchema.Empty, AgentSchema.GpuInfoResponse, (_, _) => new AgentMessage()) { Since = AgentVersions.Gpu },
        new("EmitEvent", AgentSchema.EmitEventArgs, AgentSchema.Empty, (machine, request) => EmitEvent(machine, request, version)));

    public static AgentMessage VersionOf(Version version) => new(("version", version.ToString(3)), ("rev", "witan-simulator"));

    public static AgentMessage InfoOf(SimulatedCvm machine, bool external)
    {
        bool hidden = external && !machine.App.PublicTcbInfo;
        return new AgentMessage(
            ("app_id", machine.App.AppId),
            ("instance_id", machine.App.InstanceId),
            ("app_cert", machine.Certificate),
            ("tcb_info", hidden ? "" : machine.TcbInfo()),
            ("app_name", machine.AppName),
            ("device_id", SimulatedCvm.DeviceIdBytes),
            ("mr_aggregated", Convert.FromHexString(machine.MrAggregated())),
            ("os_image_hash", machine.App.OsImageHash),
            ("key_provider_info", machine.KeyProviderInfo),
            ("compose_hash", machine.App.ComposeHash),
            ("vm_config", hidden ? "" : machine.App.VmConfig),
            ("cloud_vendor", "Witan"),
            ("cloud_product", "dstack simulator"));
    }

    public static AgentMessage GetKey(SimulatedCvm machine, AgentMessage request, Version version)
    {
        // Agents from before the field knew one algorithm and read over the request for another.
        string algorithm = version < AgentVersions.Signing ? "" : request.Text("algorithm");
        bool edwards = algorithm switch
        {
            "ed25519" => true,
            "" or "secp256k1" or "k256" => false,
            _ => throw new AgentException("Unsupported algorithm"),
        };
        return machine.DerivedKeys.GetOrAdd((request.Text("path"), request.Text("purpose"), edwards), asked =>
        {
            byte[] key = machine.Key(asked.Path);
            byte[] publicKey = asked.Edwards ? Ed25519.PublicKey(key) : Secp256k1.PublicKey(key);
            return new AgentMessage(("key", key), ("signature_chain", machine.SignatureChain(asked.Purpose, publicKey)));
        });
    }

    public static AgentMessage GetQuote(SimulatedCvm machine, byte[] reportData)
    {
        VersionedAttestation attestation = machine.Attest(reportData);
        // The log with digests, as agents before 0.5.6 and the upstream simulator: the JavaScript SDK's replay reads them.
        return new AgentMessage(
            ("quote", attestation.Quote.ToArray()),
            ("event_log", attestation.EventLog.ToJson()),
            ("report_data", reportData),
            ("vm_config", machine.App.VmConfig),
            ("attestation", attestation.Strip().Encode()));
    }

    /// <summary>A key in PEM and a certificate chain for it.</summary>
    public static AgentMessage Certified(SimulatedCvm machine, byte[] scalar, LeafRequest leaf, AgentMessage request)
    {
        byte[] pkcs8 = KeyDerivation.ToPkcs8(scalar);
        using ECDsa key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        string[] chain = machine.Certify(key, leaf, request.Flag("usage_ra_tls"), request.Flag("with_app_info"));
        return new AgentMessage(("key", PemEncoding.WriteString("PRIVATE KEY", pkcs8) + "\n"), ("certificate_chain", chain));
    }

    private static AgentMessage GetTlsKey(SimulatedCvm machine, AgentMessage request, Version version)
    {
        bool full = version >= AgentVersions.Signing;
        DateTimeOffset? from = full ? Moment(request, "not_before") : null;
        DateTimeOffset? to = full ? Moment(request, "not_after") : null;
        DateTimeOffset now = machine.Clock.GetUtcNow();
        if ((from ?? CertificateAuthority.Earliest) >= (to ?? now.AddDays(3650)))
            throw new AgentException("not_before must be earlier than not_after");
        using ECDsa fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new LeafRequest(request.Text("subject"), request.Texts("alt_names"), request.Flag("usage_server_auth"), request.Flag("usage_client_auth"))
        {
            NotBefore = from,
            NotAfter = to,
        };
        return Certified(machine, fresh.ExportParameters(true).D!, leaf, full ? request : Without(request, "with_app_info"));
    }

    private static AgentMessage Attest(SimulatedCvm machine, AgentMessage request) =>
        new(("attestation", machine.Attest(ReportData(request)).Strip().Encode()));

    private static AgentMessage Without(AgentMessage request, string flag)
    {
        request.Set(flag, false);
        return request;
    }

    // A certificate cannot say a year beyond 9999.
    private static DateTimeOffset? Moment(AgentMessage request, string name) => request.Number(name) switch
    {
        null => null,
        <= 253402300799 and var seconds => DateTimeOffset.FromUnixTimeSeconds((long)seconds),
        _ => throw new AgentException($"Failed to sign the CSR: {name} is out of range"),
    };

    private static AgentMessage EmitEvent(SimulatedCvm machine, AgentMessage request, Version version)
    {
        if (version >= AgentVersions.Gpu)
            throw new AgentException("EmitEvent was removed in dstack 0.6.0; runtime RTMR3 events are system-owned and cannot be extended by apps");
        machine.Emit(request.Text("event"), request.Bytes("payload"));
        return new AgentMessage();
    }

    private static byte[] ReportData(AgentMessage request)
    {
        byte[] data = request.Bytes("report_data");
        if (data.Length > DstackClient.ReportDataSize)
            throw new AgentException("Report data is too long");
        Array.Resize(ref data, DstackClient.ReportDataSize);
        return data;
    }
}

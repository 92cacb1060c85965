using Witan.Crypto;

namespace Witan.Dstack.Simulator;

/// <summary>The public service, which a guest shows to the world on port 8090.</summary>
internal static class WorkerService
{
    public static AgentService Of(Version version) => new(
        "Worker.",
        new("Info", AgentSchema.Empty, AgentSchema.AppInfo, (machine, _) => GuestService.InfoOf(machine, external: true)),
        new("Version", AgentSchema.Empty, AgentSchema.WorkerVersion, (_, _) => GuestService.VersionOf(version)) { Since = AgentVersions.Signing },
        new("GetAttestationForAppKey", AgentSchema.AppKeyRequest, AgentSchema.GetQuoteResponse, GetAttestationForAppKey));

    private static AgentMessage GetAttestationForAppKey(SimulatedCvm machine, AgentMessage request)
    {
        byte[] key = machine.Key(SigningMethods.Path);
        byte[] publicKey = request.Text("algorithm") switch
        {
            "ed25519" => Ed25519.PublicKey(key),
            "secp256k1" or "k256" => Secp256k1.PublicKey(key),
            _ => throw new AgentException("Unsupported algorithm"),
        };
        return GuestService.GetQuote(machine, AppKeyReportData.Compute(publicKey));
    }
}

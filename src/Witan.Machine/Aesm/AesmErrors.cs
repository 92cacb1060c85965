namespace Witan.Machine;

/// <summary>What AESM's error numbers mean.</summary>
public static class AesmErrors
{
    private static readonly string[] Meanings =
    [
        "ok", "unexpected error", "no device", "wrong parameter", "EPID blob", "EPID group revoked", "launch token refused",
        "session invalid", "too many sessions", "PSDA not available", "ephemeral session failed", "long-term pairing failed",
        "network error", "network busy", "proxy setting", "file access", "provisioning failed", "service stopped", "busy",
        "back-end busy", "update available", "out of memory", "message", "thread", "SGX device not available",
        "enabling the SGX device failed", "signature of the platform info blob invalid", "service not available",
        "key derivation mismatch", "out of enclave memory", "service unavailable",
        "platform not recognised: EPID asked from a processor without EPID", "ECDSA id mismatch", "path name too long", "stored key",
        "public key id mismatch", "PCE signature scheme invalid", "attestation key blob", "attestation key id unsupported",
        "loading policy unsupported", "interface unavailable", "platform library unavailable", "attestation key not initialised",
        "certification data invalid", "no platform certification data: no PCK certificate could be had", "report", "enclave lost",
        "invalid report", "the quoting enclave does not load", "no QE report", "key certification",
    ];

    /// <summary>Number and meaning; never the number alone.</summary>
    public static string Describe(uint code) => $"{code} ({(code < Meanings.Length ? Meanings[code] : "unknown to this program")})";

    /// <summary>What to do about an error while a quote is prepared, and who does it; null where only the meaning helps.</summary>
    internal static (string Remedy, Actor Actor)? Remedy(uint code) => code switch
    {
        31 => ("Ask for ECDSA (DCAP) quotes: this processor has no EPID.", Actor.EnclaveAuthor),
        42 => ("Let the quote be prepared again; if it stays, restart aesmd.", Actor.PackageOwner),
        44 => ("Register the platform (sgx-ra-service, or the vendor's tool), and set the PCK service in /etc/sgx_default_qcnl.conf.", Actor.PackageOwner),
        48 => ("Install libsgx-ae-qe3 and libsgx-ae-pce in the same version as the service; give aesmd access to /dev/sgx_provision.", Actor.PackageOwner),
        12 or 13 or 14 => ("Check network and proxy of aesmd: its PCK service is in /etc/sgx_default_qcnl.conf.", Actor.PackageOwner),
        24 or 25 => ("Give aesmd access to the SGX devices.", Actor.PackageOwner),
        29 => ("Stop other enclaves, or give more enclave memory in the BIOS.", Actor.KernelOwner),
        _ => null,
    };
}

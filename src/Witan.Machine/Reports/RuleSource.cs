namespace Witan.Machine;

/// <summary>Where the rule of a check comes from: what a reader looks up who doubts it.</summary>
internal static class RuleSource
{
    // The first beginning of a check's id decides: the longer ones come first.
    private static readonly (string Id, string Source)[] Sources =
    [
        ("sgx.device", "Linux: Documentation/arch/x86/sgx.rst; for the older driver, linux-sgx-driver"),
        ("sgx.library", "Intel's linux-sgx (platform software)"),
        ("sgx.aesm", "Intel's linux-sgx: messages and error codes of aesm_service"),
        ("sgx.launch", "Linux: arch/x86/include/uapi/asm/sgx.h; Intel SDM volume 3D, ECREATE, EADD, EEXTEND, EINIT"),
        ("sgx.software", "the algebra of sgx-detect (fortanix/rust-sgx)"),
        ("sgx", "Intel SDM volume 3D, enumeration of SGX: CPUID leaves 7 and 12H; grouped as in sgx-detect (fortanix/rust-sgx)"),
        ("flc", "Intel SDM volume 3D, launch control: CPUID 7.0 ECX[30], IA32_FEATURE_CONTROL (MSR 3AH)"),
        ("attestation.registration", "Intel's SGXPlatformRegistration: SgxRegistrationStatus"),
        ("attestation", "Intel's linux-sgx on platforms with EPID and with DCAP; Intel's notice of the end of EPID's service"),
        ("tdx-guest", "Intel TDX module specification, CPUID leaf 21H; Linux: uapi/linux/tdx-guest.h, Documentation/ABI/testing/configfs-tsm"),
        ("tdx-host", "Intel SDM and TDX module specification (MSRs); Linux: Documentation/arch/x86/tdx.rst; canonical/tdx"),
        ("snp-guest", "AMD APM volume 2, SEV_STATUS (MSR C0010131); Linux: uapi/linux/sev-guest.h, Documentation/ABI/testing/configfs-tsm"),
        ("snp-host", "AMD APM volumes 2 and 3, CPUID 8000001FH and SYSCFG; SEV-SNP firmware ABI; Linux: Documentation/virt/kvm/x86/amd-memory-encryption.rst"),
        ("gpu-cc", "NVIDIA Management Library (NVML), confidential computing"),
        ("dstack", "Dstack-TEE/dstack, the guest agent"),
    ];

    /// <summary>The source of a check's rule, in words.</summary>
    public static string Of(string id)
    {
        foreach ((string beginning, string source) in Sources)
        {
            if (id == beginning || id.StartsWith(beginning + ".", StringComparison.Ordinal))
                return source;
        }

        return "this program";
    }
}

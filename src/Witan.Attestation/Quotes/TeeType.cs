namespace Witan.Attestation;

/// <summary>Which technology made a quote (header, offset 4).</summary>
public enum TeeType : uint
{
    /// <summary>Intel SGX: an enclave.</summary>
    Sgx = 0,

    /// <summary>Intel TDX: a virtual machine.</summary>
    Tdx = 0x81,
}

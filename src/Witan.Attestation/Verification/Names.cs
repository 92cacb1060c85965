namespace Witan.Attestation;

/// <summary>The full common names that certificates must carry (Intel SGX PCK Certificate and CRL profile; the attestation service's own certificates).</summary>
internal static class Names
{
    public const string Root = "Intel SGX Root CA";
    public const string PlatformCa = "Intel SGX PCK Platform CA";
    public const string ProcessorCa = "Intel SGX PCK Processor CA";
    public const string Pck = "Intel SGX PCK Certificate";
    public const string TcbSigning = "Intel SGX TCB Signing";
    public const string IasRoot = "Intel SGX Attestation Report Signing CA";
    public const string IasSigner = "Intel SGX Attestation Report Signing";
}

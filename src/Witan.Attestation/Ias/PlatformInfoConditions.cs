namespace Witan.Attestation;

/// <summary>State of the EPID group (<c>sgx_epid_group_flags</c>).</summary>
[Flags]
public enum EpidGroupConditions : byte
{
    /// <summary>Nothing to say.</summary>
    None = 0,

    /// <summary>The group is revoked.</summary>
    Revoked = 0x01,

    /// <summary>New keys can be had that make attestation faster.</summary>
    RekeyAvailable = 0x02,

    /// <summary>The group is out of date.</summary>
    OutOfDate = 0x04,
}

/// <summary>What is behind on the platform (<c>sgx_tcb_evaluation_flags</c>).</summary>
[Flags]
public enum TcbConditions : ushort
{
    /// <summary>Nothing to say.</summary>
    None = 0,

    /// <summary>CPUSVN: microcode.</summary>
    CpuSvnOutOfDate = 0x0001,

    /// <summary>ISVSVN of the quoting enclave.</summary>
    QeOutOfDate = 0x0002,

    /// <summary>ISVSVN of the provisioning certification enclave.</summary>
    PceOutOfDate = 0x0004,

    /// <summary>BIOS settings.</summary>
    ConfigurationNeeded = 0x0008,
}

/// <summary>What is behind in the platform services (<c>pse_evaluation_flags</c>).</summary>
[Flags]
public enum PseConditions : ushort
{
    /// <summary>Nothing to say.</summary>
    None = 0,

    /// <summary>ISVSVN of the platform services enclave.</summary>
    PseOutOfDate = 0x0001,

    /// <summary>The EPID group of the management engine is revoked.</summary>
    GroupRevoked = 0x0002,

    /// <summary>Security version of the platform services applet (PSDA).</summary>
    PsdaOutOfDate = 0x0004,

    /// <summary>Its signature revocation list.</summary>
    SignatureListOutOfDate = 0x0008,

    /// <summary>Its private-key revocation list.</summary>
    KeyListOutOfDate = 0x0010,
}

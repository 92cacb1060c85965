namespace Witan.Dstack.Simulator;

/// <summary>The versions of the guest OS that brought or took a method.</summary>
internal static class AgentVersions
{
    public static readonly Version Current = new(0, 6, 0);

    /// <summary>Brought Attest, Sign, Verify, Version, ed25519 keys, and validity and app info of TLS keys.</summary>
    public static readonly Version Signing = new(0, 5, 7);

    /// <summary>Brought GpuInfo, took EmitEvent.</summary>
    public static readonly Version Gpu = new(0, 6);
}

namespace Witan.Machine;

/// <summary>Where AESM listens.</summary>
internal static class AesmSocket
{
    public const string Path = "/var/run/aesmd/aesm.socket";

    /// <summary>The abstract name, as it is written for people; on the wire it is padded with zeros to 108 bytes.</summary>
    public const string AbstractName = "@sgx_aesm_socket_base";

    /// <summary>In the order of trying.</summary>
    public static readonly string[] Names = [Path, AbstractName];
}

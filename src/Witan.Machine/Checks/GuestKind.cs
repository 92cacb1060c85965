namespace Witan.Machine;

/// <summary>One kind of confidential guest, in the words of its kernel and for people.</summary>
/// <param name="Code">Beginning of the codes of its problems.</param>
/// <param name="Tee">Its vendor's name for it.</param>
/// <param name="Module">The kernel module that serves it.</param>
/// <param name="Provider">What the report interface calls the module.</param>
internal sealed record GuestKind(string Code, string Tee, string Module, string Provider)
{
    public static readonly GuestKind Tdx = new("TDX_GUEST", "TDX", "tdx_guest", "tdx_guest")
    {
        Since = "6.2",
        Refusal = "The TDX module refused the request, or the driver speaks another interface.",
        AfterRefusal = "See the kernel log (dmesg | grep -i tdx).",
        NoQuote = "The host signs it: its quote generation service does not run, is not reachable, or has no certificate for the platform.",
        AfterNoQuote = "Have the host's quote generation service (qgsd) and its PCK service looked at, and run again.",
    };

    public static readonly GuestKind Snp = new("SNP_GUEST", "SEV", "sev-guest", "sev_guest")
    {
        Since = "5.19",
        Refusal = "The firmware of the host refused the request, or this is not privilege level 0.",
        AfterRefusal = "See the kernel log (dmesg | grep -i sev); under an SVSM use configfs.",
        NoQuote = "The firmware of the host signs it: it refused, or was asked too often.",
        AfterNoQuote = "Run again after a minute; then see the kernel log (dmesg | grep -i sev).",
    };

    /// <summary>The first kernel that has the device.</summary>
    public required string Since { get; init; }

    /// <summary>Why the device gives no report.</summary>
    public required string Refusal { get; init; }

    public required string AfterRefusal { get; init; }

    /// <summary>Why the report interface gives no report that others can verify.</summary>
    public required string NoQuote { get; init; }

    public required string AfterNoQuote { get; init; }
}

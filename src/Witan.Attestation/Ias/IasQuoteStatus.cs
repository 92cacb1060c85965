namespace Witan.Attestation;

/// <summary>What Intel's attestation service said of an EPID quote (<c>isvEnclaveQuoteStatus</c>). There are ten; an unknown word is none of them.</summary>
public enum IasQuoteStatus
{
    /// <summary><c>OK</c>: the platform is trustworthy.</summary>
    Ok,

    /// <summary><c>SIGNATURE_INVALID</c>: the quote was not signed by an EPID member.</summary>
    SignatureInvalid,

    /// <summary><c>GROUP_REVOKED</c>: the whole EPID group is revoked; <see cref="IasReport.RevocationReason"/> says why.</summary>
    GroupRevoked,

    /// <summary><c>SIGNATURE_REVOKED</c>: the member that signed is revoked by one of its signatures.</summary>
    SignatureRevoked,

    /// <summary><c>KEY_REVOKED</c>: the private key that signed is known and revoked.</summary>
    KeyRevoked,

    /// <summary><c>SIGRL_VERSION_MISMATCH</c>: the quote was made with an old signature revocation list.</summary>
    SigRlVersionMismatch,

    /// <summary><c>GROUP_OUT_OF_DATE</c>: microcode, BIOS or platform software is too old.</summary>
    GroupOutOfDate,

    /// <summary><c>CONFIGURATION_NEEDED</c>: BIOS settings leave the platform open.</summary>
    ConfigurationNeeded,

    /// <summary><c>SW_HARDENING_NEEDED</c>: enclaves have to be built with mitigations.</summary>
    SwHardeningNeeded,

    /// <summary><c>CONFIGURATION_AND_SW_HARDENING_NEEDED</c>: both of the two before.</summary>
    ConfigurationAndSwHardeningNeeded,
}

/// <summary>The service's spelling of the ten statuses, compared letter by letter.</summary>
internal static class IasQuoteStatuses
{
    private static readonly string[] Spelling =
    [
        "OK", "SIGNATURE_INVALID", "GROUP_REVOKED", "SIGNATURE_REVOKED", "KEY_REVOKED", "SIGRL_VERSION_MISMATCH",
        "GROUP_OUT_OF_DATE", "CONFIGURATION_NEEDED", "SW_HARDENING_NEEDED", "CONFIGURATION_AND_SW_HARDENING_NEEDED",
    ];

    public static IasQuoteStatus? Of(string text) => Array.IndexOf(Spelling, text) is >= 0 and int index ? (IasQuoteStatus)index : null;
}

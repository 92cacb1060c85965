using System.Collections.Frozen;

namespace Witan.Attestation;

/// <summary>
/// Every finding code of this library with its meaning. Codes are stable and never reused for another meaning; the reference page
/// docs/reference/findings.md is this catalogue.
/// </summary>
public static class FindingCatalog
{
    private static readonly FrozenDictionary<string, FindingDescription> ByCode = List().ToFrozenDictionary(item => item.Code, StringComparer.Ordinal);

    /// <summary>All codes in the order of the reference page.</summary>
    public static IReadOnlyList<FindingDescription> All { get; } = [.. List()];

    /// <summary>The description of a code; null where it is none of this library's.</summary>
    public static FindingDescription? Find(string code) => ByCode.GetValueOrDefault(code);

    private static IEnumerable<FindingDescription> List() =>
    [
        .. Describe("Structure of quotes", QuoteCodes.Structure),
        .. Describe("Certificates and revocation lists", CertificateCodes.All),
        .. Describe("Collateral", CollateralCodes.All),
        .. Describe("Cryptography of quotes", QuoteCodes.Cryptography),
        .. Describe("State of the platform", TcbCodes.All),
        .. Describe("Policy", PolicyCodes.All),
        .. Describe("EPID reports", IasCodes.All),
        .. Describe("Attestation result tokens", TokenCodes.All),
    ];

    private static IEnumerable<FindingDescription> Describe(string group, (string Code, string Meaning, string? Remedy)[] codes) =>
        codes.Select(item => new FindingDescription(item.Code, group, item.Meaning, item.Remedy));
}

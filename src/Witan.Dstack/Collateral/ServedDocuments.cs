namespace Witan.Dstack.CollateralService;

/// <summary>One answer of a server.</summary>
/// <param name="Body">The body, within its bound; revocation lists as DER.</param>
/// <param name="IssuerChain">PEM from the header, decoded: signer first, root second.</param>
internal sealed record ServedDocument(byte[] Body, string IssuerChain);

/// <summary>The four documents that make up collateral.</summary>
internal sealed record ServedDocuments(ServedDocument TcbInfo, ServedDocument QeIdentity, ServedDocument PckCrl, byte[] RootCrl);

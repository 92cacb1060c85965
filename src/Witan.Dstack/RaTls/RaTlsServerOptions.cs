using System.Security.Cryptography.X509Certificates;

namespace Witan.Dstack.RaTls;

/// <summary>A listener that shows evidence, and may demand it.</summary>
public sealed class RaTlsServerOptions
{
    /// <summary>
    /// The certificate to show, asked for at each handshake so that it can be renewed: of <see cref="RaTlsIssuer"/>, or of the agent's
    /// <c>GetTlsKey</c>.
    /// </summary>
    public required Func<X509Certificate2> Certificate { get; init; }

    /// <summary>Certificates above it, sent along.</summary>
    /// <value>The default value is none.</value>
    public X509Certificate2Collection Issuers { get; init; } = [];

    /// <summary>
    /// Judges the certificates of clients, which must then show one.
    /// <value>The default value is null: clients are not asked.</value>
    /// </summary>
    public RaTlsVerifier? Clients { get; init; }

    /// <summary>Told of each client that was refused; for a log. Called during the handshake.</summary>
    public Action<RaTlsPeer>? Refused { get; init; }
}

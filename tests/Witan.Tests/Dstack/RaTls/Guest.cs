using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Witan.Dstack.RaTls;
using Witan.Dstack.Simulator;

namespace Witan.Tests.Dstack.RaTls;

/// <summary>Two guests of one app and one of another, by the simulator, and what a verifier needs to know of them.</summary>
internal sealed class Guest : IAsyncDisposable
{
    private readonly string _folder;
    private readonly SimulatorServer _server;

    private Guest(string folder, SimulatorServer server, TrustedCollateral collateral, string composeHash) =>
        (_folder, _server, Collateral, ComposeHash) = (folder, server, collateral, composeHash);

    public TrustedCollateral Collateral { get; }

    public string ComposeHash { get; }

    public DstackPolicy Policy => new()
    {
        Platform = AppraisalPolicy.Phala with { AcceptSimulated = true },
        OsImages = OsImageRule.DangerousAny,
        ComposeHashes = [ComposeHash],
    };

    public static async Task<Guest> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("witan-ratls-").FullName;
        SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions
            {
                Seed = [.. Enumerable.Repeat((byte)3, 32)],
                State = folder,
                Sockets =
                [
                    new SimulatorSocket("app", "one", Path.Combine(folder, "one.sock")),
                    new SimulatorSocket("app", "two", Path.Combine(folder, "two.sock")),
                    new SimulatorSocket("other", "three", Path.Combine(folder, "three.sock")),
                ],
            },
            CancellationToken.None);
        _ = TrustRoot.TryCreate(await File.ReadAllBytesAsync(Path.Combine(folder, "root.pem")), true, out TrustRoot? root, out _);
        _ = Witan.Attestation.Collateral.TryParse(await File.ReadAllBytesAsync(Path.Combine(folder, "collateral.json")), out Collateral? collateral, out _);
        using var client = new DstackClient(Path.Combine(folder, "one.sock"));
        return new Guest(folder, server, CollateralVerifier.Verify(collateral!, root!, TimeProvider.System.GetUtcNow()).Trusted!, (await client.InfoAsync()).ComposeHash);
    }

    public DstackClient Client(string name) => new(Path.Combine(_folder, name + ".sock"));

    public async Task<X509Certificate2> IssueAsync(string name = "one", Func<RaTlsCertificateOptions, RaTlsCertificateOptions>? change = null)
    {
        using DstackClient client = Client(name);
        var options = new RaTlsCertificateOptions { Subject = name, AltNames = ["localhost", "127.0.0.1"] };
        return await new RaTlsIssuer(client, TimeProvider.System).IssueAsync(change?.Invoke(options) ?? options);
    }

    public RaTlsVerifier Verifier(Func<RaTlsTrust, RaTlsTrust>? change = null, TimeProvider? clock = null)
    {
        var trust = new RaTlsTrust { Collateral = _ => Collateral, Policy = Policy };
        return new RaTlsVerifier(change?.Invoke(trust) ?? trust, clock ?? TimeProvider.System);
    }

    /// <summary>A certificate over a fresh key, with the given extensions.</summary>
    public static X509Certificate2 Forge(IEnumerable<X509Extension> extensions)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(key, extensions);
    }

    /// <summary>A certificate over the key of another, with other extensions.</summary>
    public static X509Certificate2 Again(X509Certificate2 certificate, Func<X509Extension, IEnumerable<X509Extension>> change)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return Sign(key, certificate.Extensions.SelectMany(change));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 Sign(ECDsa key, IEnumerable<X509Extension> extensions)
    {
        var request = new CertificateRequest("CN=forged", key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in extensions)
            request.CertificateExtensions.Add(extension);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
    }
}

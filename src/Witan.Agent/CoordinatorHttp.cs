using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Witan.Agent;

/// <summary>Connections to a coordinator.</summary>
public static class CoordinatorHttp
{
    /// <summary>
    /// A client for a coordinator's address. <paramref name="authority"/> is a PEM file with the roots to trust for TLS instead of the system's;
    /// null trusts the system's. Throws <see cref="SettingException"/> where the file cannot be read.
    /// </summary>
    public static HttpClient Create(Uri address, string? authority, TimeSpan timeout) => Create([address], authority, timeout);

    /// <summary>The same, with a handler of the caller's that sees every request and answer.</summary>
    public static HttpClient Create(Uri address, string? authority, TimeSpan timeout, DelegatingHandler observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        observer.InnerHandler = Handler([address], authority);
        return new HttpClient(observer) { BaseAddress = address, Timeout = timeout };
    }

    /// <summary>A client for several coordinators of one store: where one does not answer, the next request goes to the next.</summary>
    public static HttpClient Create(IReadOnlyList<Uri> addresses, string? authority, TimeSpan timeout) =>
        new(Handler(addresses, authority)) { BaseAddress = addresses[0], Timeout = timeout };

    private static CoordinatorFailover Handler(IReadOnlyList<Uri> addresses, string? authority)
    {
        var handler = new SocketsHttpHandler
        {
            // A name that moves to another machine is followed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // With others to ask, one that does not answer is not waited for.
            ConnectTimeout = TimeSpan.FromSeconds(addresses.Count > 1 ? 2 : 10),
            ConnectCallback = static (context, token) => ConnectAsync(context.DnsEndPoint, token),
            AllowAutoRedirect = false,
        };
        if (authority is not null)
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trusting(authority) };
        }

        return new CoordinatorFailover(addresses, handler, TimeProvider.System);
    }

    // A process that dies says so by its kernel; a machine that dies says nothing. Whether it is still there is asked every second while
    // nothing is sent, and what is sent must be acknowledged.
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint coordinator, CancellationToken cancellationToken)
    {
        const int Tcp = 6, UserTimeout = 18;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            byte[] milliseconds = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(milliseconds, 4000);
            socket.SetRawSocketOption(Tcp, UserTimeout, milliseconds);
            await socket.ConnectAsync(coordinator, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static X509ChainPolicy Trusting(string authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            // TLS server authentication.
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.1") },
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(authority);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingException($"the authority {authority} cannot be read: {e.Message}", "a PEM file with one or more root certificates");
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new SettingException($"{authority} holds no certificate", "a PEM file with one or more root certificates");
    }
}

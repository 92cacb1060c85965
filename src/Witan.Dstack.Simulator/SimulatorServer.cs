using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>
/// A guest agent for machines without a TEE: real formats, real signatures, under a development root of its own seed. One
/// process serves many machines, each on its own socket. Every reply has a Content-Length; every error is a 400 with
/// <c>{"error": …}</c>, as from the real agent.
/// </summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DevelopmentPki _pki;
    private readonly TdQuoteAuthor _author;
    private readonly IReadOnlyList<SimulatedCvm> _machines;

    private readonly SimulatorOptions _options;

    private SimulatorServer(SimulatorOptions options, WebApplication app, DevelopmentPki pki, TdQuoteAuthor author, IReadOnlyList<SimulatedCvm> machines) =>
        (_options, _app, _pki, _author, _machines) = (options, app, pki, author, machines);

    /// <summary>The machines, in the order of the sockets that name them first.</summary>
    public IReadOnlyList<SimulatedCvm> Machines => _machines;

    /// <summary>The address that is listened on, with the port that was taken; null where none was asked for.</summary>
    public Uri? Address { get; private init; }

    /// <summary>One more machine on the same host, without a socket: for programs that simulate thousands. The caller disposes of it.</summary>
    public SimulatedCvm CreateMachine(string app, string instance) => Machine(_options, _author, app, instance);

    /// <summary>
    /// Starts a simulator and writes <c>root.pem</c> and <c>collateral.json</c> into its state directory: what a verifier needs to verify
    /// its evidence. Throws <see cref="ArgumentException"/> for an address beyond loopback and an app-compose file that is none,
    /// <see cref="IOException"/> where a socket cannot be served, or is served by another program.
    /// </summary>
    public static async Task<SimulatorServer> StartAsync(SimulatorOptions options, CancellationToken cancellationToken)
    {
        if (options.Listen is { } listen && !IPAddress.IsLoopback(listen.Address))
            throw new ArgumentException($"{listen} is not a loopback address: the agent knows no authentication, whoever reaches it has every key", nameof(options));
        var pki = new DevelopmentPki(options.Seed);
        var author = new TdQuoteAuthor(pki, options.Seed);
        var machines = new Dictionary<(string App, string Instance), SimulatedCvm>();
        (string App, string Instance) first = options.Sockets.Count > 0 ? (options.Sockets[0].App, options.Sockets[0].Instance) : ("app", "default");
        foreach ((string app, string instance) in options.Sockets.Select(socket => (socket.App, socket.Instance)).Prepend(first))
        {
            if (!machines.ContainsKey((app, instance)))
                machines.Add((app, instance), Machine(options, author, app, instance));
        }

        foreach (SimulatorSocket socket in options.Sockets)
            RequireFree(socket.Path);

        // Before the sockets: whoever finds a socket finds these.
        Directory.CreateDirectory(options.State);
        await File.WriteAllTextAsync(Path.Combine(options.State, "root.pem"), pki.RootPem, cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(options.State, "collateral.json"), pki.Collateral(options.Clock.GetUtcNow()), cancellationToken);
        WebApplication server = Build(options, machines, machines[first]);
        await server.StartAsync(cancellationToken);
        return new SimulatorServer(options, server, pki, author, [.. machines.Values]) { Address = options.Listen is null ? null : AddressOf(server) };
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (SimulatedCvm machine in _machines)
            machine.Dispose();
        _author.Dispose();
        _pki.Dispose();
    }

    // One that a killed process left refuses; one that answers has clients, who would be cut off without a word.
    private static void RequireFree(string path)
    {
        if (!File.Exists(path))
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            return;
        }

        throw new IOException($"{path} is served by another program");
    }

    private static SimulatedCvm Machine(SimulatorOptions options, TdQuoteAuthor author, string app, string instance) =>
        options.Profile == SimulatorProfile.UpstreamFixture
            ? SimulatedCvm.OfUpstreamFixture(author, options.Seed, options.AppCompose, options.Clock)
            : new SimulatedCvm(options.Seed, author, app, instance, options.AppCompose);

    private static WebApplication Build(
        SimulatorOptions options, Dictionary<(string App, string Instance), SimulatedCvm> machines, SimulatedCvm first)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = AgentHandler.MaximumBody;
            foreach (SimulatorSocket socket in options.Sockets)
            {
                // A socket left by a process that was killed would refuse the address.
                File.Delete(socket.Path);
                var endpoint = new AgentEndpoint(machines[(socket.App, socket.Instance)], options.Version, socket.Service);
                kestrel.ListenUnixSocket(socket.Path, listen => Serve(listen, endpoint));
            }

            if (options.Listen is { } address)
                kestrel.Listen(address, listen => Serve(listen, new AgentEndpoint(first, options.Version, null)));
        });
        WebApplication app = builder.Build();
        app.Run(AgentHandler.AnswerAsync);
        return app;
    }

    // A request finds what its connection carries.
    private static void Serve(ListenOptions listen, AgentEndpoint endpoint)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(endpoint);
            HalfClosedConnection.Allow(connection);
            return next(connection);
        });
    }

    private static Uri AddressOf(WebApplication server) => new(
        server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Single(address => !address.Contains("unix:", StringComparison.Ordinal)));
}

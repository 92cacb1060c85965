using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Cvms;

/// <summary>The options that every command needs to reach Phala Cloud, and the connection made from them.</summary>
internal sealed class CloudConnection : IDisposable
{
    private CloudConnection(HttpClient http, PhalaCloudClient client)
    {
        Http = http;
        Client = client;
    }

    public HttpClient Http { get; }

    public PhalaCloudClient Client { get; }

    public void Dispose() => Http.Dispose();

    /// <summary>Adds <c>--api-key-file</c> and <c>--api</c> to a command, and gives the function that connects.</summary>
    public static Func<ParseResult, CloudConnection> AddOptions(Command command)
    {
        var file = new Option<string?>("--api-key-file") { Description = "file with the API key (else PHALA_CLOUD_API_KEY)" };
        var address = new Option<string?>("--api") { Description = "address of the API (else PHALA_CLOUD_API_PREFIX, else the public one)" };
        command.Options.Add(file);
        command.Options.Add(address);
        return parsed => Open(parsed.GetValue(file), parsed.GetValue(address) ?? Environment.GetEnvironmentVariable("PHALA_CLOUD_API_PREFIX"));
    }

    /// <summary>Runs an action and turns what the platform refuses into a one-line error with what to do.</summary>
    public static async Task<int> RunAsync(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (CloudApiException e)
        {
            throw new CommandException(e.Message, e.Remedy, e.IsTransient ? ExitCode.Undecided : ExitCode.Rejected);
        }
        catch (DeploymentException e)
        {
            throw new CommandException(e.Message, e.Remedy, ExitCode.Rejected);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the state of the deployment cannot be kept: {e.Message}", "give a folder of yours with --state");
        }
    }

    private static CloudConnection Open(string? keyFile, string? address)
    {
        Uri uri = PhalaCloudOptions.PublicAddress;
        if (!string.IsNullOrEmpty(address)
            && (!Uri.TryCreate(address, UriKind.Absolute, out uri!) || (uri.Scheme != "https" && !(uri.Scheme == "http" && uri.IsLoopback))))
        {
            throw new CommandException($"\"{address}\" is no address for the API", "it begins with https://; http:// is for this machine only");
        }

        CloudApiKey key;
        try
        {
            key = new CloudApiKey(keyFile is null ? FromEnvironment() : FromFile(keyFile));
        }
        catch (ArgumentException e)
        {
            throw new CommandException(e.Message.Split(" (Parameter", 2)[0], "write the key alone, on one line");
        }

        // Redirects would carry the key elsewhere.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15), PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        return new CloudConnection(http, new PhalaCloudClient(http, key, new PhalaCloudOptions { Address = uri }, TimeProvider.System));
    }

    private static string FromEnvironment() => Environment.GetEnvironmentVariable("PHALA_CLOUD_API_KEY") is { Length: > 0 } key
        ? key
        : throw new CommandException("there is no API key", "make one in the Phala Cloud dashboard, and set PHALA_CLOUD_API_KEY or --api-key-file");

    private static string FromFile(string path)
    {
        try
        {
            const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            if ((File.GetUnixFileMode(path) & others) != UnixFileMode.None)
                throw new CommandException($"{path} can be read or written by others", $"chmod 600 {path}");
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {e.Message}");
        }
    }
}

using Witan.Cli;
using Witan.Cli.CommandLine;
using Xunit;

namespace Witan.Tests.Cloud;

/// <summary>One run of the command line against the test's Phala Cloud, with a key file and no environment.</summary>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    public static async Task<CommandRun> OfAsync(PhalaCloudServer server, string folder, params string[] args)
    {
        string key = Path.Combine(folder, "key");
        await File.WriteAllTextAsync(key, PhalaCloudServer.Key + "\n");
        File.SetUnixFileMode(key, UnixFileMode.UserRead);
        return await RunAsync([.. args, "--api", new Uri(server.Address, "api/v1").AbsoluteUri, "--api-key-file", key]);
    }

    public static async Task<CommandRun> RunAsync(string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await WitanCommand.RunAsync(args, new Terminal(output, error, colour: false, interactive: false), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(PhalaCloudServer.Key, output.ToString() + error);
        Assert.DoesNotContain("secret-token", output.ToString() + error);
        return new CommandRun(code, output.ToString(), error.ToString());
    }
}

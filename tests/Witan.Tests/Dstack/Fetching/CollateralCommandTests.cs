using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Dstack.Simulator.Pki;
using Witan.Tests.Cloud;
using Xunit;

namespace Witan.Tests.Dstack.Fetching;

/// <summary><c>witan collateral</c> and <c>witan verify --fetch</c> against a server of the same process.</summary>
public sealed class CollateralCommandTests : IAsyncLifetime
{
    private static readonly byte[] Seed = [.. Enumerable.Repeat((byte)9, 32)];
    private readonly DevelopmentPki _pki = new(Seed);
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-collateral-cli-").FullName;
    private CollateralServer _server = null!;

    private string Quote => Path.Combine(_folder, "quote.bin");

    private string Bundle => Path.Combine(_folder, "bundle.json");

    public async ValueTask InitializeAsync()
    {
        _server = await CollateralServer.StartAsync(_pki, new SetClock(TimeProvider.System.GetUtcNow()));
        using var author = new TdQuoteAuthor(_pki, Seed);
        byte[] zero = new byte[48];
        await File.WriteAllBytesAsync(Quote, author.Quote(new TdMeasurements(zero, zero, [zero, zero, zero, zero]), new byte[64]));
        await File.WriteAllTextAsync(Path.Combine(_folder, "root.pem"), _pki.RootPem);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_quote_verifies_with_what_is_fetched_on_request_and_never_without_asking()
    {
        CommandRun silent = await Run("verify", Quote);
        Assert.Equal(ExitCode.Undecided, silent.Code);
        Assert.Empty(_server.Requests);
        CommandRun asked = await Run("verify", Quote, "--fetch", "--collateral-source", _server.Source.ToString(), "--collateral-cache", Path.Combine(_folder, "cache"));
        Assert.True(asked.Code == ExitCode.Good, asked.Output + asked.Error);
        Assert.Equal(4, _server.Requests.Count);
        Assert.Contains("collateral: tdx-platform-D0D0D0D0D0D0 from http://127.0.0.1", asked.Error, StringComparison.Ordinal);
        CommandRun again = await Run("verify", Quote, "--fetch", "--collateral-source", _server.Source.ToString(), "--collateral-cache", Path.Combine(_folder, "cache"));
        Assert.Equal(ExitCode.Good, again.Code);
        Assert.Equal(4, _server.Requests.Count);
        Assert.Equal(ExitCode.Usage, (await Run("verify", Quote, "--fetch", "--at", "2026-01-01T00:00:00Z")).Code);
        Assert.Equal(ExitCode.Usage, (await Run("verify", Quote, "--fetch", "--collateral", Bundle)).Code);
    }

    [Fact]
    public async Task A_machines_quote_is_rated_with_what_is_fetched_on_request()
    {
        string[] fetch = ["--fetch", "--collateral-source", _server.Source.ToString(), "--collateral-cache", Path.Combine(_folder, "cache")];
        CommandRun silent = await Run("sgx-test", "--quote", Quote);
        Assert.Equal(ExitCode.Undecided, silent.Code);
        Assert.Empty(_server.Requests);
        CommandRun asked = await Run(["sgx-test", "--quote", Quote, .. fetch]);
        Assert.True(asked.Code == ExitCode.Good, asked.Output + asked.Error);
        Assert.Equal(4, _server.Requests.Count);
        Assert.Contains("confidenceLevel = 1", asked.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await Run(["sgx-test", .. fetch])).Code);
        Assert.Equal(ExitCode.Usage, (await Run(["sgx-test", "--quote", Quote, "--collateral", Bundle, .. fetch])).Code);
    }

    [Fact]
    public async Task A_source_that_fails_leaves_the_quote_undecided_not_rejected()
    {
        _server.Instead = context =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };
        CommandRun run = await Run("verify", Quote, "--fetch", "--collateral-source", _server.Source.ToString(), "--collateral-cache", Path.Combine(_folder, "cache"));
        Assert.Equal(ExitCode.Undecided, run.Code);
        Assert.Contains("HTTP 503", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetched_shown_and_packed_collateral_verifies_with_the_server_gone()
    {
        CommandRun fetched = await Collateral("fetch", "--fmspc", "d0d0d0d0d0d0", "--ca", "platform", "--tee", "tdx", "--json");
        Assert.True(fetched.Code == ExitCode.Good, fetched.Output + fetched.Error);
        using (JsonDocument json = JsonDocument.Parse(fetched.Output))
        {
            Assert.Equal("witan.collateral/1", json.RootElement.GetProperty("schema").GetString());
            Assert.Equal("good", json.RootElement.GetProperty("outcome").GetString());
            Assert.Equal("simulated", json.RootElement.GetProperty("mark").GetString());
            Assert.Equal("d0d0d0d0d0d0", json.RootElement.GetProperty("family").GetProperty("fmspc").GetString());
            Assert.Equal("UpToDate", json.RootElement.GetProperty("tcbInfo").GetProperty("levels")[0].GetProperty("status").GetString());
        }

        await _server.DisposeAsync();
        CommandRun packed = await Collateral("pack", Quote, "--output", Bundle);
        Assert.True(packed.Code == ExitCode.Good, packed.Output + packed.Error);
        CommandRun verified = await Run("verify", Quote, "--collateral", Bundle);
        Assert.True(verified.Code == ExitCode.Good, verified.Output + verified.Error);
        CommandRun shown = await Run("collateral", "show", Bundle);
        Assert.Equal(ExitCode.Good, shown.Code);
        Assert.Contains("FMSPC D0D0D0D0D0D0", shown.Output, StringComparison.Ordinal);
        Assert.Contains("(simulated)", shown.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Undecided, (await Run("collateral", "show", Bundle, "--at", "2049-01-01T00:00:00Z")).Code);
        Assert.Equal(ExitCode.Rejected, (await CommandRun.RunAsync(["collateral", "show", Bundle])).Code);
        CommandRun other = await Collateral("pack", Quote, "--output", Bundle + "2", "--at", "2049-01-01T00:00:00Z");
        Assert.Equal(ExitCode.Undecided, other.Code);
        Assert.False(File.Exists(Bundle + "2"));
    }

    [Theory]
    [InlineData("which platform family", "fetch")]
    [InlineData("12 hexadecimal", "fetch", "--fmspc", "zz", "--ca", "platform", "--tee", "tdx")]
    [InlineData("--ca x", "fetch", "--fmspc", "d0d0d0d0d0d0", "--ca", "x", "--tee", "tdx")]
    [InlineData("exclude each other", "fetch", "--fmspc", "d0d0d0d0d0d0", "--ca", "platform", "--tee", "tdx", "--update", "early", "--number", "3")]
    [InlineData("is no address", "fetch", "--fmspc", "d0d0d0d0d0d0", "--ca", "platform", "--tee", "tdx", "--source", "ftp://x")]
    [InlineData("--timeout", "fetch", "--fmspc", "d0d0d0d0d0d0", "--ca", "platform", "--tee", "tdx", "--timeout", "0")]
    public async Task Wrong_usage_is_told_in_one_line(string message, params string[] arguments)
    {
        CommandRun run = await CommandRun.RunAsync(["collateral", .. arguments, "--cache", Path.Combine(_folder, "cache")]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    private Task<CommandRun> Collateral(params string[] arguments) =>
        Run(["collateral", .. arguments, "--source", _server.Source.ToString(), "--cache", Path.Combine(_folder, "cache")]);

    private Task<CommandRun> Run(params string[] arguments) =>
        CommandRun.RunAsync([.. arguments, "--trust-root", Path.Combine(_folder, "root.pem"), "--simulated"]);
}

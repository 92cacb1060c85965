using System.Text;
using Witan.Cli.CommandLine;
using Witan.Tests.Cloud;
using Xunit;

namespace Witan.Tests.Dstack.Evidence;

/// <summary>What the commands say of reports that are none, and of sockets that cannot be served.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("{\"quote\":\"0400", "EVIDENCE_FORMAT")]
    [InlineData("{\"quote\":\"04000200\"}", "QUOTE_TRUNCATED")]
    [InlineData("{\"manifest_version\":2}", "EVIDENCE_FORMAT")]
    [InlineData("{", "EVIDENCE_FORMAT")]
    [InlineData(" \n{}", "EVIDENCE_FORMAT")]
    public async Task A_JSON_file_is_read_as_a_report_and_never_as_the_bytes_of_a_quote(string text, string code)
    {
        string file = Path.Combine(_folder, "report.json");
        await File.WriteAllBytesAsync(file, Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.RunAsync(["verify", file]);
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains($"✗ {code}", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_is_no_socket()
    {
        CommandRun run = await CommandRun.RunAsync(["simulator", "--state", _folder, "--socket", _folder]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("is a directory, not a socket", run.Error, StringComparison.Ordinal);
    }
}

using System.Diagnostics;
using System.Text.Json;
using Witan.Dstack.AppEnvironment;
using Witan.Faults.Processes;
using Witan.SystemTests.Council;
using Witan.Tests.Cloud;
using Xunit;

namespace Witan.SystemTests.Deploying;

/// <summary>The built command against the test's Phala Cloud: from a compose file to a verified endpoint, interrupted at every step.</summary>
public sealed class DeployTests : IAsyncLifetime
{
    private const string Name = "council-1";
    private const string Probe = "the app's own path";
    private AttestedCloud _cloud = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cloud = await AttestedCloud.StartAsync();
        string key = Path.Combine(_cloud.Folder, "key");
        await File.WriteAllTextAsync(key, PhalaCloudServer.Key + "\n", Cancel);
        File.SetUnixFileMode(key, UnixFileMode.UserRead);
    }

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    [Theory]
    [InlineData("GET cvms/council-1", false)]
    [InlineData("POST cvms/provision", false)]
    [InlineData("POST cvms/provision", true)]
    [InlineData("GET kms/", false)]
    [InlineData("POST cvms", false)]
    [InlineData("POST cvms", true)]
    [InlineData("/state", false)]
    [InlineData("/attestation", false)]
    [InlineData(Probe, false)]
    public async Task Interrupted_at_a_step_the_same_command_goes_on_to_a_verified_endpoint(string step, bool carriedOut)
    {
        // "POST cvms" is the beginning of "POST cvms/provision" too: let that pass first.
        if (step == "POST cvms")
            _cloud.Server.Before("POST cvms/provision", () => { });
        if (step == Probe)
            _cloud.Server.AppTime = TimeSpan.FromDays(1);
        else if (carriedOut)
            _cloud.Server.HangAfter(step);
        else
            _cloud.Server.Hang(step);
        (int exit, string output, string error) = await RunAsync(_cloud.Deploy, step);
        Assert.True(exit == 130, $"exit {exit}: {output}{error}");
        Assert.Contains("interrupted", error, StringComparison.Ordinal);

        _cloud.Server.AppTime = TimeSpan.Zero;
        (exit, output, error) = await RunAsync(_cloud.Deploy);
        Assert.True(exit == 0, $"exit {exit}: {output}{error}");
        Assert.Contains($"verifies at tier 1 for compose hash {SimulatedCvm.HashOf(AttestedCloud.Compose)}", output, StringComparison.Ordinal);
        SimulatedCvm cvm = Assert.Single(_cloud.Server.Cvms).Value;
        Assert.True(EncryptedEnvironment.TryDecrypt(_cloud.EnvironmentKey, Convert.FromHexString(cvm.EncryptedEnvironment!), out var environment));
        Assert.Equal(AttestedCloud.Secret, Assert.Single(environment).Value);
        // What changes something was sent once, unless the first time it did not come through.
        Assert.Equal(step == "POST cvms" && !carriedOut ? 2 : 1, _cloud.Server.Requests.Count(request => request == "POST cvms"));
        foreach (string file in Directory.GetFiles(Path.Combine(_cloud.Folder, "state"), "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(AttestedCloud.Secret, await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_never_comes_is_failed_after_exactly_40_polls_with_exit_code_4()
    {
        _cloud.Server.AppTime = TimeSpan.FromDays(1);
        _cloud.Interval = "0.2";
        (int exit, string output, string error) = await RunAsync([.. _cloud.Deploy, "--json", "--log-lines", "1"]);
        Assert.True(exit == 4, $"exit {exit}: {output}{error}");
        using JsonDocument json = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        Assert.Equal(("timed-out", 40, true), (
            json.RootElement.GetProperty("outcome").GetString(), json.RootElement.GetProperty("polls").GetInt32(), json.RootElement.GetProperty("mayStillCost").GetBoolean()));
        // A poll that the machine was too busy for in its 0.2 s is a poll all the same.
        Assert.InRange(_cloud.Server.Probes, 1, 40);
        Assert.Single(_cloud.Server.Cvms);

        // It came after all: nothing is provisioned again.
        _cloud.Server.AppTime = TimeSpan.Zero;
        _cloud.Interval = "3";
        (exit, output, error) = await RunAsync(_cloud.Arguments("watch", Name));
        Assert.True(exit == 0, $"exit {exit}: {output}{error}");
        Assert.Equal(1, _cloud.Server.Count("POST cvms/provision"));
    }

    // Runs the command; where a step is named, does what Ctrl-C does when the platform has been asked for it.
    private async Task<(int Exit, string Out, string Error)> RunAsync(string[] arguments, string? interruptAt = null)
    {
        using Process process = WitanProgram.Start([
            .. arguments, "--api", new Uri(_cloud.Server.Address, "api/v1").AbsoluteUri, "--api-key-file", Path.Combine(_cloud.Folder, "key")]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel), error = process.StandardError.ReadToEndAsync(Cancel);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        if (interruptAt is not null)
        {
            // What is carried out has been before the interruption, or it is the other case.
            while (!process.HasExited && !(interruptAt == Probe ? _cloud.Server.Probes > 0 : _cloud.Server.IsHanging))
                await Task.Delay(20, patience.Token);
            ProcessTable.Interrupt(process.Id);
        }

        await process.WaitForExitAsync(patience.Token);
        Assert.DoesNotContain(PhalaCloudServer.Key, await output + await error, StringComparison.Ordinal);
        return (process.ExitCode, await output, await error);
    }
}

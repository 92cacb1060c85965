using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Settlement;

/// <summary>Decisions that take effect elsewhere: signed, once, and not lost while the other side is away.</summary>
public sealed class WebhookTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-settle-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Grant => Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_decision_is_brought_until_the_webhook_takes_it_and_the_record_says_so()
    {
        // Down, then redirecting, then there: only the third call settles.
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(call => call switch { 1 => 503, 2 => 307, _ => 200 });
        (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, [
            "up", "--once", "--simulated", "--propose", Grant, "--out", _folder, "--port", $"{WitanProgram.Ports(5)}",
            "--settlement", $"webhook:{receiver.Address}/settle"]);
        Assert.True(exit == 0, output + error);

        Assert.Equal(3, receiver.Calls.Count);
        WebhookReceiver.Call last = receiver.Calls[^1];
        Assert.All(receiver.Calls, call =>
        {
            Assert.Equal("/settle", call.Path);
            Assert.Equal(last.Key, call.Key);
            Assert.Equal(last.Body, call.Body);
        });
        SettlementNotice notice = JsonSerializer.Deserialize(last.Body, WireJson.Default.SettlementNotice)!;
        AuditReport audit = Audit.Run(await File.ReadAllBytesAsync(Path.Combine(_folder, "decision.json"), Cancel));
        Assert.True(audit.Valid, audit.Problem);
        RecordState state = audit.State!;
        Assert.Equal(ProposalState.Settled, state.State);
        Assert.True(notice.IsSignedBy(state.Opening.Coordinator));
        Assert.Equal((state.ProposalId, state.Opening.Target, "simulated"), (notice.Proposal, notice.Target, notice.Mark));
        Assert.Equal(state.Outcome!.Decision, notice.Decision);
        Assert.Equal(state.Counts, notice.Counts);
        Assert.Equal(notice.Proposal.ToString(), last.Key);

        // Whatever is changed in it, it is nobody's word any more.
        Assert.False((notice with { Decision = Decision.Rejected }).IsSignedBy(state.Opening.Coordinator));
        Assert.False((notice with { Target = "webhook https://elsewhere.example/" }).IsSignedBy(state.Opening.Coordinator));
        Assert.False((notice with { Counts = [2, 1, 0] }).IsSignedBy(state.Opening.Coordinator));
        Assert.False((notice with { Mark = "" }).IsSignedBy(state.Opening.Coordinator));
    }

    [Theory]
    [InlineData("webhook:http://settle.example/", "needs https")]
    [InlineData("webhook:https://user:secret@settle.example/", "no user, query or fragment")]
    [InlineData("webhook:https://settle.example/?key=secret", "no user, query or fragment")]
    [InlineData("webhook:ftp://settle.example/", "no http address")]
    [InlineData("chain:near", "there is no settlement target")]
    public async Task A_target_that_cannot_be_is_refused_at_start(string target, string reason)
    {
        string socket = Path.Combine(_folder, "agent.sock");
        using var simulator = WitanProgram.Start(["simulator", "--state", Path.Combine(_folder, "simulator"), "--socket", $"coordinator/one={socket}"]);
        for (int i = 0; i < 1200 && !File.Exists(socket); i++)
            await Task.Delay(50, Cancel);
        (int exit, _, string error) = await WitanProgram.RunAsync(Cancel, [
            "coordinator", "--state", Path.Combine(_folder, "state"), "--port", $"{WitanProgram.Ports(1)}", "--socket", socket,
            "--development-root", Path.Combine(_folder, "simulator", "root.pem"), "--collateral", Path.Combine(_folder, "simulator", "collateral.json"),
            "--settlement", target]);
        simulator.Kill();
        Assert.Equal(2, exit);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }
}

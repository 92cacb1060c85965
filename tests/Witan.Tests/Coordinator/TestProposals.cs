using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Tests.Coordinator;

/// <summary>Proposals for councils in the tests.</summary>
internal static class TestProposals
{
    /// <summary>The requester where a test names none; LOCAL_MODE takes any.</summary>
    public static readonly byte[] Requester = [.. Enumerable.Repeat((byte)3, 32)];

    public static ProposalBody Body(string title, int workers = 1, int trustees = 1, double seconds = 60)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return new ProposalBody
        {
            Title = title,
            Text = $"Shall it be {title}?",
            Facts = [new ProposalFact("amount", "12000")],
            Options = ["Approve", "Reject", "Abstain"],
            MinimumTurnout = (workers / 2) + 1,
            MinimumAnonymity = 1,
            PassNumerator = 1,
            PassDenominator = 2,
            MinimumRoster = workers,
            Trustees = trustees,
            Threshold = (trustees / 2) + 1,
            CreatedAt = now,
            OpenBy = now.AddMilliseconds(Math.Round(seconds * 600)),
            CloseAt = now.AddMilliseconds(Math.Round(seconds * 1000)),
            SettleBy = now.AddMilliseconds(Math.Round(seconds * 3000)),
            Nonce = new Digest(RandomNumberGenerator.GetBytes(32)),
        };
    }

    public static ProposeRequest Signed(ProposalBody body, byte[]? seed = null)
    {
        seed ??= Requester;
        return new ProposeRequest(body, new Digest(Ed25519.PublicKey(seed)), Ed25519.Sign(seed, body.Id().Bytes));
    }

    public static Task<ProposalSummary> ProposeAsync(this RunningCoordinator coordinator, ProposalBody body) => coordinator.Client.PostAsync(
        "v1/proposals", Signed(body), WireJson.Default.ProposeRequest, WireJson.Default.ProposalSummary, CancellationToken.None);

    /// <summary>Waits until a proposal is as expected. Fails after so many seconds, saying how it was.</summary>
    public static async Task<ProposalSummary> UntilAsync(this RunningCoordinator coordinator, Digest proposal, Func<ProposalSummary, bool> isIt, int seconds = 60)
    {
        ProposalSummary? last = null;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            last = await coordinator.Client.GetAsync($"v1/proposals/{proposal}", WireJson.Default.ProposalSummary, CancellationToken.None);
            if (last is not null && isIt(last))
                return last;
            await Task.Delay(50);
        }

        throw new TimeoutException($"it did not come to that: {last}\n{coordinator.Log}");
    }
}

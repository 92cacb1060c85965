using System.Security.Cryptography;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// What coordinators of one store know of each other: records that grew, agents that were admitted or are with another, and, after
/// a start, the word of those that never stopped. Everything but the records may be lost; it is said again every moment.
/// </summary>
internal sealed class OtherCoordinators(
    KeeperContext context, ProposalBook book, RecoveryDesk recovery, AdmissionDesk desk, Digest coordinator, Action<ProposalKeeper> found)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(4);
    private const int TicksPerCheck = 10;
    private const string Present = "present", Challenges = "challenge";
    private readonly byte[] _challenge = RandomNumberGenerator.GetBytes(Vouch.ChallengeSize);
    private string _said = "";

    /// <summary>Runs until cancelled. A store that fails is asked again; any other fault, of either half, comes out at once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task follow = RepeatAsync(FollowRecordsAsync, cancellationToken), speak = RepeatAsync(SpeakAsync, cancellationToken);
        await await Task.WhenAny(follow, speak);
        await Task.WhenAll(follow, speak);
    }

    private static string BoardFor(string node) => $"vouch/{node}";

    private async Task RepeatAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await run(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (StoreException e)
            {
                if (_said != e.Message)
                    context.Log($"store: {e.Message}");
                _said = e.Message;
                await Task.Delay(Tick, context.Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Whatever grew while nobody listened is found in the list; the subscription looks back further than that takes.
    private async Task FollowRecordsAsync(CancellationToken cancellationToken)
    {
        Dictionary<Digest, long> sizes = book.Sizes();
        foreach (StoredRecord stored in await context.Store.ListAsync(cancellationToken))
        {
            if (sizes.GetValueOrDefault(stored.Proposal) < stored.Size)
                await book.FollowAsync(stored, found, cancellationToken);
        }

        await foreach (StoredRecord grown in context.Store.SubscribeAsync(cancellationToken))
            await book.FollowAsync(grown, found, cancellationToken);
    }

    private async Task SpeakAsync(CancellationToken cancellationToken)
    {
        for (int tick = 0; ; tick++)
        {
            await TellPresenceAsync(cancellationToken);
            await AskAsync(cancellationToken);
            await AnswerAsync(cancellationToken);
            if (tick % TicksPerCheck == 0)
                await CheckSizesAsync(cancellationToken);
            await Task.Delay(Tick, context.Clock, cancellationToken);
        }
    }

    private async Task TellPresenceAsync(CancellationToken cancellationToken)
    {
        await context.Store.PostAsync(Present, [new Notice(context.Holder.Run, desk.Presence.HereAsBytes())], Life, cancellationToken);
        foreach (Notice notice in await context.Store.NoticesAsync(Present, cancellationToken))
        {
            if (notice.Subject != context.Holder.Run)
                desk.Presence.SeenElsewhere(notice.Body);
        }

        await desk.RefreshAsync(cancellationToken);
        if (await desk.RefreshRevokedAsync() is { } damage)
            context.Damaged(damage);
        book.Nudge();
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        if (recovery.Waiting.Count == 0)
            return;
        await context.Store.PostAsync(Challenges, [new Notice(context.Holder.Run, _challenge)], Life, cancellationToken);
        foreach (Notice notice in await context.Store.NoticesAsync(BoardFor(context.Holder.Run), cancellationToken))
        {
            if (Vouch.Parse(notice.Body) is not { } vouch || !vouch.IsGood(coordinator, _challenge) || book.Find(vouch.Proposal) is not { } keeper)
                continue;
            if (keeper.Read(vouch.Size - 1, 1) is [{ } last] && last.Hash == vouch.Head)
                recovery.Vouched(keeper);
            else
                // It may have grown since it was read here.
                keeper.Nudge();
        }
    }

    // Only for records that this coordinator itself may continue: its word would otherwise be hearsay.
    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        foreach (Notice asked in await context.Store.NoticesAsync(Challenges, cancellationToken))
        {
            if (asked.Subject == context.Holder.Run || asked.Body.Length != Vouch.ChallengeSize)
                continue;
            ProposalKeeper[] own = [.. book.All.Where(keeper => keeper.IsConfirmed && !keeper.State.IsFinal)];
            // Whoever vouches has seen all that it was told of.
            await Task.WhenAll(own.Where(keeper => keeper.IsBehind).Select(keeper => keeper.CatchUpAsync()));
            Notice[] words = [.. own.Where(keeper => !keeper.IsBehind)
                .Select(keeper => new Notice(keeper.Id.ToString(), Vouch.For(keeper.State, asked.Body, context.SigningSeed).ToBytes()))];
            await context.Store.PostAsync(BoardFor(asked.Subject), words, Life, cancellationToken);
        }
    }

    // A record at rest is looked at as well: a database that was put back must not go unnoticed until somebody votes.
    private async Task CheckSizesAsync(CancellationToken cancellationToken)
    {
        Dictionary<Digest, long> known = book.Sizes();
        foreach (StoredRecord stored in await context.Store.ListAsync(cancellationToken))
        {
            if (known.Remove(stored.Proposal, out long size) && stored.Size < size)
                context.Damaged($"record {stored.Proposal.Short()} was at size {size} and is at {stored.Size}: the store was rolled back or replaced");
        }

        foreach ((Digest lost, long size) in known)
            context.Damaged($"record {lost.Short()} was at size {size} and is gone: the store was rolled back or replaced");
    }
}

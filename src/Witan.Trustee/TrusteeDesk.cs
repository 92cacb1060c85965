using System.Text.Json.Serialization.Metadata;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>
/// Does a trustee's part in one proposal, from its own replay of the record: commit, contribute, judge shares, disclose, open
/// the one sum. It never acts on a ciphertext that somebody hands it, nor for a proposal that is looser than its own policy.
/// </summary>
public sealed class TrusteeDesk(AgentProgram program, TrusteeVault vault, CouncilPolicy policy, Digest proposal, TimeProvider clock)
{
    // The guard checks every ballot before it opens a sum: once, on all cores.
    private readonly RecordReplica _replica = new(program.Client, proposal, program.Coordinator, ballotsLater: true);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(10);
    private long? _closedSince, _missingSince;

    /// <summary>Does what is due now, if anything; of a record that has ended it takes note.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        if (await _replica.AdvanceAsync(cancellationToken) is not { } state)
            return;
        if (!program.Checkpoints.IsIn(proposal, _replica.Events))
            throw new InvalidDataException("its record is shorter or other than what this trustee saw before");
        await ObserveAsync(cancellationToken);
        if (state.IsFinal || state.Trustees.Find(trustee => trustee.Keys.AgentId == program.Secrets.Keys.AgentId) is not { } self)
            return;
        if (state.State == ProposalState.Draft && state.ElectionKey is null)
            await GenerateAsync(state, self.Index, cancellationToken);
        else if (state.State == ProposalState.Tallying && state.Qualified.Contains(self.Index) && !state.Partials.ContainsKey(self.Index)
            && TrusteeTurn.IsDue(state, self.Index, clock.GetElapsedTime(_closedSince ??= clock.GetTimestamp())))
        {
            await OpenAsync(state, self.Index, cancellationToken);
        }
    }

    // The coordinator's signed word on how far the record is, kept against a rolled-back disk: its own, or the coordinator's.
    private async Task ObserveAsync(CancellationToken cancellationToken)
    {
        Checkpoint checkpoint = await program.Client.GetAsync($"v1/proposals/{proposal}/checkpoint", WireJson.Default.Checkpoint, cancellationToken)
            ?? throw new InvalidDataException("the coordinator gives no checkpoint of a record that it serves");
        // An older word would be true of another record with the same beginning, too.
        int size = _replica.Events.Count;
        if (checkpoint.Proposal != proposal || checkpoint.Size < size || (checkpoint.Size == size && !checkpoint.IsIn(_replica.Events)))
            throw new InvalidDataException("the coordinator's checkpoint is not of the record that it serves, or of its beginning only");
        program.Note(checkpoint);
        if (TrusteeGuard.Observe(vault.Memory, checkpoint, program.Coordinator, out _) is { } memory)
            vault.Remember(memory);
    }

    private async Task GenerateAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        // Whoever sets the rules could otherwise ask for one voter, or for so many of its own that the sum says what the last one voted.
        if (policy.Looser(state.Body, state.Body.CreatedAt) is { } looser)
            throw new InvalidDataException($"this trustee makes no key for a proposal that is looser than its policy: {looser}");
        KeyGenerationContext context = state.KeyGeneration;
        using TrusteeSecret secret = vault.Secret(state, index, mayDraw: !state.Commitments.ContainsKey(index))
            ?? throw new InvalidDataException("this trustee has committed to a secret that is gone from its disk");
        (ContributionCommitment commitment, KeyContribution contribution) = secret.Contribute(context, program.Secrets.SigningSeed);
        if (!state.Commitments.ContainsKey(index))
        {
            AgentEvidence evidence = await program.Attester.MakeAsync(
                ReportData.ForKeyGeneration(state, state.Trustees[index - 1], program.Secrets.Instance), cancellationToken);
            await SayAsync("commitments", new TrusteeCommitment(commitment, evidence), WireJson.Default.TrusteeCommitment, cancellationToken);
        }
        else if (state.Commitments.Count == state.Trustees.Count && !state.Contributions.ContainsKey(index))
        {
            // A share goes only to machines whose evidence this trustee has judged itself.
            if (program.Distrusted(state, state.Trustees.Select(trustee => trustee.Index)) is { } distrusted)
                throw new InvalidDataException($"this trustee makes no key with the others: {distrusted}");
            // The shares first: when all contributions are in the record, all shares lie ready.
            SealedShare[] shares = [.. state.Trustees.Where(trustee => trustee.Index != index)
                .Select(trustee => secret.Seal(context, trustee, program.Secrets.SigningSeed))];
            await program.Client.PostAsync($"v1/proposals/{proposal}/shares", shares, WireJson.Default.IReadOnlyListSealedShare, cancellationToken);
            await SayAsync("contributions", contribution, WireJson.Default.KeyContribution, cancellationToken);
        }
        else if (state.Contributions.Count == state.Trustees.Count && !state.ShareVerdicts.ContainsKey(index))
        {
            (Dictionary<int, P256Scalar> shares, bool isComplete) = await SharesAsync(state, index, cancellationToken);
            foreach (P256Scalar share in shares.Values)
                share.Dispose();
            // A complaint makes the accused say the share in public. What has not come may still come; a wrong one will not become right.
            if (!isComplete && clock.GetElapsedTime(_missingSince ??= clock.GetTimestamp()) < Patience(state))
                return;
            IEnumerable<int> against = state.Trustees.Select(trustee => trustee.Index).Where(from => from != index && !shares.ContainsKey(from));
            await SayAsync("verdicts", TrusteeSecret.Judge(context, index, against, program.Secrets.SigningSeed), WireJson.Default.ShareVerdict, cancellationToken);
        }
        else if (state.ShareVerdicts.Values.FirstOrDefault(verdict => verdict.Against.Contains(index) && !state.Disclosures.ContainsKey((index, verdict.Index))) is { } complaint)
        {
            await SayAsync("disclosures", secret.Disclose(context, complaint.Index, program.Secrets.SigningSeed), WireJson.Default.ShareDisclosure, cancellationToken);
        }
    }

    private async Task OpenAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        using P256Scalar share = await ShareAsync(state, index, cancellationToken);
        bool trusted = await program.IsCoordinatorTrustedAsync(cancellationToken);
        var request = new DecryptionRequest(proposal, state.ClosedHead);
        TrusteeDecision decision = TrusteeGuard.Decide(
            vault.Memory, TrusteeRules.Of(policy, program.Mode), request, _replica.Events, trusted, index, share,
            program.Secrets.SigningSeed, P256Scalar.Random, clock.GetUtcNow());
        // Remembered before it is said: a second sum of this proposal is refused for ever.
        vault.Remember(decision.Memory);
        if (decision.Answer is { } partial)
            await SayAsync("partials", partial, WireJson.Default.PartialDecryption, cancellationToken);
        else
            throw new InvalidDataException($"this trustee refuses to open the sum: {decision.Message} ({decision.Refusal})");
    }

    // x_j: the shares of all qualified trustees, its own and those disclosed in answer to its complaint included.
    private async Task<P256Scalar> ShareAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        using TrusteeSecret secret = vault.Secret(state, index, mayDraw: false)
            ?? throw new InvalidDataException("this trustee's secret for the proposal is gone from its disk");
        (Dictionary<int, P256Scalar> shares, _) = await SharesAsync(state, index, cancellationToken);
        shares[index] = secret.Share(index);
        foreach (((int from, _), P256Scalar disclosed) in state.Disclosures.Where(pair => pair.Key.To == index))
            shares.TryAdd(from, disclosed);
        try
        {
            if (!state.Qualified.All(shares.ContainsKey))
                throw new InvalidDataException("a share that this trustee approved lies ready no more");
            P256Scalar sum = P256Scalar.FromInt64(0);
            foreach (int from in state.Qualified)
            {
                using P256Scalar before = sum;
                sum = before + shares[from];
            }

            return sum;
        }
        finally
        {
            // Those that were disclosed are public, and the record's.
            foreach ((_, P256Scalar share) in shares.Where(pair => !state.Disclosures.ContainsValue(pair.Value)))
                share.Dispose();
        }
    }

    private TimeSpan Patience(RecordState state) => TimeSpan.FromTicks(Math.Clamp((state.Body.OpenBy - clock.GetUtcNow()).Ticks / 4, 0, LongestPatience.Ticks));

    // The shares that open, and whether one has come from every other trustee.
    private async Task<(Dictionary<int, P256Scalar> Opened, bool IsComplete)> SharesAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        var opened = new Dictionary<int, P256Scalar>();
        // No answer is not the answer that there are none.
        IReadOnlyList<SealedShare> messages = await program.Client.GetAsync($"v1/proposals/{proposal}/shares", WireJson.Default.IReadOnlyListSealedShare, cancellationToken)
            ?? throw new HttpRequestException("the coordinator gave no shares");
        foreach (SealedShare message in messages)
        {
            if (state.Contributions.TryGetValue(message.From, out KeyContribution? from)
                && TrusteeSecret.TryOpen(state.KeyGeneration, from, message, index, program.Secrets.EncryptionSecret, out P256Scalar? share))
            {
                opened[message.From] = share;
            }
        }

        return (opened, state.Trustees.All(trustee => trustee.Index == index || messages.Any(message => message.From == trustee.Index)));
    }

    private async Task SayAsync<T>(string what, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        Checkpoint checkpoint = await program.Client.PostAsync($"v1/proposals/{proposal}/{what}", body, type, WireJson.Default.Checkpoint, cancellationToken);
        // What was said stands in the record now, so the word on it goes beyond what was known.
        if (checkpoint.Proposal != proposal || checkpoint.Size <= _replica.Events.Count)
            throw new InvalidDataException($"the coordinator took {what} and gives no checkpoint of a record that holds them");
        program.Note(checkpoint);
        await program.LogAsync($"proposal {proposal.Short()}: {what} taken");
    }
}

using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Trustee;

/// <summary>
/// Does a trustee's part in one proposal, from its own replay of the record: commit, contribute, judge shares, disclose, decrypt
/// the one sum. It never acts on a ciphertext that somebody hands it.
/// </summary>
public sealed class TrusteeDesk(AgentProgram program, TrusteeVault vault, Digest proposal)
{
    private readonly RecordReplica _replica = new(program.Client, proposal, program.Coordinator);

    /// <summary>Whether there is nothing left to do.</summary>
    public bool IsDone => _replica.State is { IsFinal: true };

    /// <summary>Does what is due now, if anything.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        if (await _replica.AdvanceAsync(cancellationToken) is not { IsFinal: false } state)
            return;
        if (state.Trustees.Find(trustee => trustee.Keys.AgentId == program.Secrets.Keys.AgentId) is not { } self)
            return;
        if (state.State == ProposalState.Draft && state.ElectionKey is null)
            await GenerateAsync(state, self.Index, cancellationToken);
        else if (state.State == ProposalState.Tallying && state.Qualified.Contains(self.Index) && !state.Partials.ContainsKey(self.Index))
            await DecryptAsync(state, self.Index, cancellationToken);
    }

    private async Task GenerateAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        KeyGenerationContext context = state.KeyGeneration;
        using TrusteeSecret secret = Secret(state, index, out P256Scalar nonce);
        (ContributionCommitment commitment, KeyContribution contribution) = secret.Contribute(context, program.Secrets.SigningSeed, nonce);
        if (!state.Commitments.ContainsKey(index))
        {
            await SayAsync("commitments", commitment, WireJson.Default.ContributionCommitment, cancellationToken);
        }
        else if (state.Commitments.Count == state.Trustees.Count && !state.Contributions.ContainsKey(index))
        {
            SealedShare[] shares = [.. state.Trustees.Where(trustee => trustee.Index != index)
                .Select(trustee => secret.Seal(context, trustee, program.Secrets.SigningSeed))];
            await program.Client.PostAsync($"v1/proposals/{proposal}/shares", shares, WireJson.Default.IReadOnlyListSealedShare, cancellationToken);
            await SayAsync("contributions", contribution, WireJson.Default.KeyContribution, cancellationToken);
        }
        else if (state.Contributions.Count == state.Trustees.Count && !state.ShareVerdicts.ContainsKey(index))
        {
            Dictionary<int, P256Scalar> shares = await OpenSharesAsync(state, index, cancellationToken);
            IEnumerable<int> against = state.Trustees.Select(trustee => trustee.Index).Where(from => from != index && !shares.ContainsKey(from));
            await SayAsync("verdicts", TrusteeSecret.Judge(context, index, against, program.Secrets.SigningSeed), WireJson.Default.ShareVerdict, cancellationToken);
        }
        else if (state.ShareVerdicts.Values.FirstOrDefault(verdict => verdict.Against.Contains(index) && !state.Disclosures.ContainsKey((index, verdict.Index))) is { } complaint)
        {
            await SayAsync("disclosures", secret.Disclose(context, complaint.Index, program.Secrets.SigningSeed), WireJson.Default.ShareDisclosure, cancellationToken);
        }
    }

    private async Task DecryptAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        // The fold has checked the close, the minimum and every ballot. What is left: one sum a proposal, for ever.
        TrusteeMemory memory = vault.Load(proposal) ?? throw new InvalidDataException("this trustee's secret for the proposal is gone");
        if (memory.Decrypted != Digest.Zero && memory.Decrypted != state.ClosedHead)
            throw new InvalidDataException("this trustee has decrypted another closed record of the same proposal; it refuses a second one");
        Dictionary<int, P256Scalar> shares = await OpenSharesAsync(state, index, cancellationToken);
        using TrusteeSecret secret = Secret(state, index, out _);
        shares[index] = secret.Share(index);
        foreach (((int from, int to), P256Scalar disclosed) in state.Disclosures.Where(pair => pair.Key.To == index))
            shares.TryAdd(from, disclosed);
        using P256Scalar share = state.Qualified.Select(from => shares[from]).Aggregate((sum, next) => sum + next);
        vault.Save(proposal, memory with { Decrypted = state.ClosedHead });
        PartialDecryption partial = Decryption.Decrypt(
            state.BallotContext, state.Sums(), index, share, state.ClosedHead, program.Secrets.SigningSeed, P256Scalar.Random);
        await SayAsync("partials", partial, WireJson.Default.PartialDecryption, cancellationToken);
    }

    private async Task<Dictionary<int, P256Scalar>> OpenSharesAsync(RecordState state, int index, CancellationToken cancellationToken)
    {
        var opened = new Dictionary<int, P256Scalar>();
        foreach (SealedShare message in await program.Client.GetAsync($"v1/proposals/{proposal}/shares", WireJson.Default.IReadOnlyListSealedShare, cancellationToken) ?? [])
        {
            if (state.Contributions.TryGetValue(message.From, out KeyContribution? from)
                && TrusteeSecret.TryOpen(state.KeyGeneration, from, message, index, program.Secrets.EncryptionSecret, out P256Scalar? share))
            {
                opened[message.From] = share;
            }
        }

        return opened;
    }

    // The secret is on the disk before anything that follows from it is said.
    private TrusteeSecret Secret(RecordState state, int index, out P256Scalar nonce)
    {
        if (vault.Load(proposal) is { } memory)
        {
            return TrusteeSecret.TryDecode(index, memory.Polynomial, out TrusteeSecret? known) && P256Scalar.TryDecode(memory.Nonce, out nonce!)
                ? known
                : throw new InvalidDataException("this trustee's secret for the proposal is damaged");
        }

        TrusteeSecret secret = TrusteeSecret.Create(index, state.Body.Threshold, P256Scalar.Random);
        nonce = P256Scalar.Random();
        vault.Save(proposal, new TrusteeMemory(secret.ToBytes(), nonce.ToBytes(), Digest.Zero));
        return secret;
    }

    private async Task SayAsync<T>(string what, T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        Checkpoint checkpoint = await program.Client.PostAsync($"v1/proposals/{proposal}/{what}", body, type, WireJson.Default.Checkpoint, cancellationToken);
        if (!checkpoint.IsSignedBy(program.Coordinator))
            throw new InvalidDataException("the coordinator's checkpoint is not signed by it");
        await program.LogAsync($"proposal {proposal.Short()}: {what} taken");
    }
}

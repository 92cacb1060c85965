using System.Net;

namespace Witan.Dstack.Cloud;

/// <summary>
/// Brings a name to what is asked for: makes it, updates it, goes on where an earlier run stopped, or finds nothing to do. Every
/// step that changes something is sent once; what became of it is looked up, never guessed.
/// </summary>
public sealed class Deployment(PhalaCloudClient cloud, IEnvironmentCipher cipher, DeploymentStateStore states, TimeProvider clock)
{
    // How long the platform keeps what it has prepared.
    private static readonly TimeSpan PreparedFor = TimeSpan.FromDays(13);

    private readonly EnvironmentEncryption _environment = new(cloud, cipher, clock);

    /// <summary>What <see cref="RunAsync"/> would do. Reads only.</summary>
    /// <exception cref="CloudApiException">The platform could not be asked: that is never taken for "there is none".</exception>
    public async Task<DeploymentPlan> PlanAsync(DeploymentRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!CvmName.IsValid(request.Name))
        {
            throw new DeploymentException(
                $"\"{request.Name}\" is no name for a CVM", "take 5 to 63 letters, digits and single hyphens, a letter first and no hyphen last");
        }

        DeploymentState? state = states.Load(request.Name);
        if (await cloud.FindAsync(request.Name, cancellationToken) is { } existing)
        {
            ComposeFileRequest inForce = await cloud.GetComposeFileAsync(existing.Key, cancellationToken)
                ?? throw new DeploymentException($"the compose file of {request.Name} cannot be read", "look at it with: witan cvms status " + request.Name);
            return DeploymentPlan.ForExisting(request, existing, inForce);
        }

        bool prepared = state is { CvmId: null } && state.Request == request.Fingerprint() && clock.GetUtcNow() - state.At < PreparedFor;
        return prepared
            ? new DeploymentPlan(DeploymentAction.Resume, ["it was prepared before and not started"], null) { Prepared = state }
            : new DeploymentPlan(DeploymentAction.Create, ["there is no CVM of this name"], null);
    }

    /// <summary>Carries the plan out.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="plan">From <see cref="PlanAsync"/>, for the same request.</param>
    /// <param name="step">Told what is being done, one sentence each.</param>
    /// <param name="cancellationToken">Stops between two steps; run again to go on.</param>
    /// <exception cref="CloudApiException">The platform refused, or could not be reached.</exception>
    /// <exception cref="DeploymentException">It cannot go on for another reason.</exception>
    public async Task<DeploymentResult> RunAsync(
        DeploymentRequest request, DeploymentPlan plan, IProgress<string>? step, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(plan);
        return plan switch
        {
            { Action: DeploymentAction.Create } =>
                await CommitAsync(request, await ProvisionAsync(request, step, cancellationToken), plan.Action, step, cancellationToken),
            { Action: DeploymentAction.Resume, Prepared: { } prepared } =>
                await CommitAsync(request, prepared, plan.Action, step, cancellationToken),
            { Action: DeploymentAction.Update, Existing: { } existing } =>
                await UpdateAsync(request, existing, plan, step, cancellationToken),
            { Action: DeploymentAction.UpdateEnvironment, Existing: { } existing } =>
                await UpdateAsync(request, existing, plan, step, cancellationToken),
            { Existing: { } existing } => Keep(request, existing),
            _ => throw new ArgumentException("the plan is not one of PlanAsync", nameof(plan)),
        };
    }

    private async Task<DeploymentState> ProvisionAsync(DeploymentRequest request, IProgress<string>? step, CancellationToken cancellationToken)
    {
        step?.Report("asking for an app id, a compose hash and a key (nothing runs yet)");
        ProvisionResult result = await cloud.ProvisionAsync(request.ToProvision(), cancellationToken);
        if (result.AppId is null)
        {
            throw new DeploymentException(
                "this key service gives app ids on a chain only", "choose the platform's own key service, or register the app with its contract first");
        }

        var state = new DeploymentState
        {
            Name = request.Name,
            Request = request.Fingerprint(),
            AppId = result.AppId,
            ComposeHash = result.ComposeHash
                ?? throw new DeploymentException("the platform gave no compose hash", "nothing was started; try again, and report it if it stays so"),
            KmsId = result.KmsInfo?.Slug ?? result.KmsId ?? result.KmsInfo?.Id,
            EnvironmentPublicKey = result.AppEnvEncryptPubkey,
            At = clock.GetUtcNow(),
        };
        states.Save(state);
        if (result.Fmspc is { Length: 12 } family && family.All(char.IsAsciiHexDigit))
            step?.Report($"the machine is of platform family (FMSPC) {family.ToUpperInvariant()}");
        return state;
    }

    private async Task<DeploymentResult> CommitAsync(
        DeploymentRequest request, DeploymentState state, DeploymentAction action, IProgress<string>? step, CancellationToken cancellationToken)
    {
        if (request.Environment.Count > 0)
            step?.Report("encrypting the environment to the key that the key service signed");
        string? encrypted = await _environment.EncryptAsync(request, state.AppId, state.KmsId, state.EnvironmentPublicKey, cancellationToken);
        step?.Report("starting the CVM (from here on it costs)");
        var commit = new CommitRequest(state.AppId, state.ComposeHash)
        {
            EncryptedEnv = encrypted,
            EnvKeys = encrypted is null ? null : request.Names,
            KmsId = state.KmsId,
        };
        CvmInfo started;
        try
        {
            started = await cloud.CommitAsync(commit, cancellationToken);
        }
        catch (CloudApiException e) when (e.IsTransient || e.Status == HttpStatusCode.Conflict)
        {
            // It may have been carried out although no good answer came. Ask, and never send it again blindly.
            step?.Report("no clear answer: looking whether it was started");
            CvmInfo? found = await cloud.FindAsync(request.Name, cancellationToken);
            if (found is null || !string.Equals(found.AppId, state.AppId, StringComparison.OrdinalIgnoreCase))
                throw;
            started = found;
        }
        catch (CloudApiException e) when ((int?)e.Status is 404 or 466)
        {
            states.Forget(request.Name);
            throw;
        }

        states.Save(state with { CvmId = started.Key, At = clock.GetUtcNow() });
        return new DeploymentResult(action, started.Key, state.AppId, state.ComposeHash);
    }

    private async Task<DeploymentResult> UpdateAsync(
        DeploymentRequest request, CvmInfo existing, DeploymentPlan plan, IProgress<string>? step, CancellationToken cancellationToken)
    {
        bool changesNames = plan.VariablesChange || request.UpdateEnvironment;
        bool sendsValues = request.Environment.Count > 0 && changesNames;
        step?.Report("preparing the change (what runs goes on)");
        ProvisionResult prepared = await cloud.ProvisionUpdateAsync(
            existing.Key, request.ToComposeFile() with { UpdateEnvVars = changesNames ? true : null }, cancellationToken);
        string appId = prepared.AppId ?? existing.AppId
            ?? throw new DeploymentException("the platform names no app id", "report it");
        string hash = prepared.ComposeHash
            ?? throw new DeploymentException("the platform gave no compose hash", "nothing was changed; try again, and report it if it stays so");

        // An answer to an update need not name the key service again: it is the app's for good.
        string? kms = prepared.KmsInfo?.Slug ?? prepared.KmsId ?? prepared.KmsInfo?.Id ?? KnownKms(request.Name, appId);
        string? encrypted = null;
        if (sendsValues)
        {
            step?.Report("encrypting the environment to the key that the key service signed");
            encrypted = await _environment.EncryptAsync(
                request, appId, kms, prepared.AppEnvEncryptPubkey, cancellationToken);
        }

        step?.Report("putting the change in force (the CVM restarts)");
        var update = new UpdateRequest(hash)
        {
            EncryptedEnv = encrypted,
            EnvKeys = changesNames ? request.Names : null,
            UpdateEnvVars = changesNames ? true : null,
        };
        await cloud.CommitUpdateAsync(existing.Key, update, cancellationToken);
        Remember(request, existing.Key, appId, hash, kms);
        return new DeploymentResult(plan.Action, existing.Key, appId, hash);
    }

    private DeploymentResult Keep(DeploymentRequest request, CvmInfo existing)
    {
        DeploymentState? state = states.Load(request.Name);
        string? hash = existing.ComposeHash ?? (state?.Request == request.Fingerprint() ? state.ComposeHash : null);
        if (hash is not null && existing.AppId is not null)
            Remember(request, existing.Key, existing.AppId, hash, KnownKms(request.Name, existing.AppId));
        return new DeploymentResult(DeploymentAction.Nothing, existing.Key, existing.AppId ?? "", hash);
    }

    private string? KnownKms(string name, string appId) =>
        states.Load(name) is { } state && string.Equals(state.AppId, appId, StringComparison.OrdinalIgnoreCase) ? state.KmsId : null;

    private void Remember(DeploymentRequest request, string cvm, string appId, string hash, string? kms) => states.Save(new DeploymentState
    {
        Name = request.Name,
        Request = request.Fingerprint(),
        AppId = appId,
        ComposeHash = hash,
        KmsId = kms,
        CvmId = cvm,
        At = clock.GetUtcNow(),
    });
}

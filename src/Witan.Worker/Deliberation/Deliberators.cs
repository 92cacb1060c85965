using Witan.Agent;
using Witan.Voting;
using Witan.Worker.Models;
using Witan.Worker.Signers;

namespace Witan.Worker.Deliberation;

/// <summary>Chooses a worker's mind from its settings: a language model where an endpoint is set, the profile's rules elsewhere.</summary>
public static class Deliberators
{
    /// <summary>Environment variable with the base address of an OpenAI-compatible service.</summary>
    public const string EndpointVariable = "WITAN_MODEL_ENDPOINT";

    /// <summary>Environment variable with the model's id there.</summary>
    public const string ModelVariable = "WITAN_MODEL";

    /// <summary>Environment variables that may hold the API key, in the order in which they are looked at.</summary>
    public static IReadOnlyList<string> KeyVariables { get; } = ["WITAN_MODEL_API_KEY", "NEAR_AI_API_KEY", "NEAR_API_KEY"];

    /// <summary>
    /// Environment variable for the provider's signatures over its answers: <c>ignore</c>, <c>record</c> (default), <c>require</c> or
    /// <c>attested</c>.
    /// </summary>
    public const string SignaturesVariable = "WITAN_MODEL_SIGNATURES";

    /// <summary>Environment variable with collateral for the provider's platform, as JSON or a file's name; without it the worker's own counts.</summary>
    public const string CollateralVariable = "WITAN_MODEL_COLLATERAL";

    /// <summary>Environment variable with the compose hashes that may hold the provider's signing key, separated by commas; without it any may.</summary>
    public const string ComposeVariable = "WITAN_MODEL_COMPOSE_HASHES";

    /// <summary>
    /// Makes the deliberator of a worker. Roots and policy for a provider's evidence are the worker's own. Throws
    /// <see cref="SettingException"/> where the settings do not hold together.
    /// </summary>
    public static IDeliberator Create(WorkerProfile profile, AgentOptions agent, HttpClient http, TimeProvider clock) =>
        Create(profile, agent, http, clock, Environment.GetEnvironmentVariable);

    internal static IDeliberator Create(WorkerProfile profile, AgentOptions agent, HttpClient http, TimeProvider clock, Func<string, string?> environment)
    {
        string? endpoint = environment(EndpointVariable);
        if (string.IsNullOrEmpty(endpoint))
        {
            // A name that is misspelt would otherwise be a worker that votes by rules nobody chose for it.
            return new[] { ModelVariable, SignaturesVariable }.FirstOrDefault(name => environment(name) is { Length: > 0 }) is { } lonely
                ? throw new SettingException($"{lonely} is set and {EndpointVariable} is not", "set both, or neither for the rules of the profile")
                : new RuleDeliberator(profile);
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
            throw new SettingException($"{EndpointVariable} is no http address", "for example https://cloud-api.near.ai/v1");
        string model = environment(ModelVariable) is { Length: > 0 } name
            ? name
            : throw new SettingException($"{ModelVariable} names no model", $"set it together with {EndpointVariable}");
        SignaturePolicy policy = PolicyOf(environment(SignaturesVariable));
        var options = new ChatEndpointOptions
        {
            BaseAddress = address,
            Model = model,
            // A signature names the model; an alias would make that another name than the one asked for, and the vote lost.
            RefuseAliases = policy is SignaturePolicy.Require or SignaturePolicy.Attested,
            ApiKey = KeyVariables.Select(environment).FirstOrDefault(key => !string.IsNullOrEmpty(key)),
        };
        SignerAttestations? attestations = policy == SignaturePolicy.Ignore ? null : Attestations(agent, policy, http, options, clock, environment);
        return new ModelDeliberator(
            new ModelDeliberation(new OpenAiChatClient(http, options, clock), new DeliberationBudget(), clock), profile, model, policy,
            new AnswerSignatures(http, options, attestations));
    }

    /// <summary>
    /// A client for a model's service. It follows nowhere, since a redirect would carry the prompt and the key to another service than the
    /// owner's, and has no time limit: the deliberation bounds its own time.
    /// </summary>
    public static HttpClient Client() => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };

    internal static SignaturePolicy PolicyOf(string? setting) => setting switch
    {
        null or "" or "record" => SignaturePolicy.Record,
        "ignore" => SignaturePolicy.Ignore,
        "require" => SignaturePolicy.Require,
        "attested" => SignaturePolicy.Attested,
        _ => throw new SettingException($"{SignaturesVariable} is {setting}", "ignore, record, require or attested"),
    };

    private static SignerAttestations Attestations(AgentOptions agent, SignaturePolicy policy, HttpClient http, ChatEndpointOptions options, TimeProvider clock, Func<string, string?> environment)
    {
        string? collateral = environment(CollateralVariable) is { Length: > 0 } file ? file : agent.Collateral;
        if (collateral is null && policy == SignaturePolicy.Attested)
            throw new SettingException($"{SignaturesVariable} is attested, and there is no collateral to judge the provider with", $"give it with {CollateralVariable} or --collateral FILE");
        CouncilPolicy council = PolicySettings.Read(agent.Policy);
        return new SignerAttestations(
            http, options,
            collateral is null ? null : new CollateralFile(TextOrFile.Of(collateral), JudgeSettings.Root(agent.DevelopmentRoot), clock),
            new SignerPolicy(JudgeSettings.Platform(council, agent.DevelopmentRoot is not null)) { ComposeHashes = [.. ComposeHashes(environment)] },
            clock);
    }

    private static IEnumerable<string> ComposeHashes(Func<string, string?> environment)
    {
        string text = environment(ComposeVariable) ?? "";
        foreach (string hash in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Digest.TryParse(hash, out Digest known))
                throw new SettingException($"{ComposeVariable} has {hash}", "64 hexadecimal digits each, separated by commas");
            yield return known.ToString();
        }
    }
}

using Witan.Agent;
using Witan.Worker.Models;

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

    /// <summary>Makes the deliberator. Throws <see cref="SettingException"/> where the settings do not hold together.</summary>
    public static IDeliberator Create(WorkerProfile profile, HttpClient http, TimeProvider clock)
    {
        string? endpoint = Environment.GetEnvironmentVariable(EndpointVariable);
        if (string.IsNullOrEmpty(endpoint))
            return new RuleDeliberator(profile);
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
            throw new SettingException($"{EndpointVariable} is no http address", "for example https://cloud-api.near.ai/v1");
        string model = Environment.GetEnvironmentVariable(ModelVariable) is { Length: > 0 } name
            ? name
            : throw new SettingException($"{ModelVariable} names no model", $"set it together with {EndpointVariable}");
        var options = new ChatEndpointOptions
        {
            BaseAddress = address,
            Model = model,
            ApiKey = KeyVariables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(key => !string.IsNullOrEmpty(key)),
        };
        return new ModelDeliberator(new ModelDeliberation(new OpenAiChatClient(http, options, clock), new DeliberationBudget(), clock), profile, model);
    }
}

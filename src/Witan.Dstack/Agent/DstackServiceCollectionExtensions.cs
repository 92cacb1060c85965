using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Witan.Dstack;

/// <summary>Registration of the guest agent's client.</summary>
public static class DstackServiceCollectionExtensions
{
    /// <summary>
    /// Adds one <see cref="DstackClient"/> for the whole process. Its options are validated at start; the socket must exist when
    /// the client is first asked for.
    /// </summary>
    public static IServiceCollection AddDstack(this IServiceCollection services, Action<DstackClientOptions>? configure = null)
    {
        services.AddSingleton<IValidateOptions<DstackClientOptions>, DstackClientOptionsValidator>();
        OptionsBuilder<DstackClientOptions> options = services.AddOptions<DstackClientOptions>().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.AddSingleton(provider => new DstackClient(provider.GetRequiredService<IOptions<DstackClientOptions>>().Value));
        return services;
    }
}

internal sealed class DstackClientOptionsValidator : IValidateOptions<DstackClientOptions>
{
    public ValidateOptionsResult Validate(string? name, DstackClientOptions options)
    {
        if (options.Timeout <= TimeSpan.Zero || options.Timeout > TimeSpan.FromHours(1))
            return ValidateOptionsResult.Fail($"dstack: Timeout is {options.Timeout}; it is above zero and at most an hour");
        return options.MaximumAnswerBytes < 1024
            ? ValidateOptionsResult.Fail($"dstack: MaximumAnswerBytes is {options.MaximumAnswerBytes}; it is at least 1024")
            : ValidateOptionsResult.Success;
    }
}

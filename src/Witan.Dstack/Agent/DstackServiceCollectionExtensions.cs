using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Witan.Dstack;

/// <summary>Registration of the guest agent's client.</summary>
public static class DstackServiceCollectionExtensions
{
    /// <summary>
    /// Adds one <see cref="DstackClient"/> for the whole process. Its options are validated at start, and a host logs their effective
    /// values then; the socket must exist when the client is first asked for.
    /// </summary>
    public static IServiceCollection AddDstack(this IServiceCollection services, Action<DstackClientOptions>? configure = null)
    {
        services.AddSingleton<IValidateOptions<DstackClientOptions>, DstackClientOptionsValidator>();
        OptionsBuilder<DstackClientOptions> options = services.AddOptions<DstackClientOptions>().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.AddSingleton(provider => new DstackClient(provider.GetRequiredService<IOptions<DstackClientOptions>>().Value));
        services.AddHostedService<DstackStartReport>();
        return services;
    }
}

internal sealed class DstackClientOptionsValidator : IValidateOptions<DstackClientOptions>
{
    public ValidateOptionsResult Validate(string? name, DstackClientOptions options)
    {
        if (DstackEndpoint.Problem(options.Endpoint) is { } problem)
            return ValidateOptionsResult.Fail($"dstack: Endpoint: {problem}");
        if (options.Timeout <= TimeSpan.Zero || options.Timeout > TimeSpan.FromHours(1))
            return ValidateOptionsResult.Fail($"dstack: Timeout is {options.Timeout}; it is above zero and at most an hour");
        return options.MaximumAnswerBytes < 1024
            ? ValidateOptionsResult.Fail($"dstack: MaximumAnswerBytes is {options.MaximumAnswerBytes}; it is at least 1024")
            : ValidateOptionsResult.Success;
    }
}

/// <summary>Says once, at start, how the agent will be reached.</summary>
internal sealed partial class DstackStartReport(IOptions<DstackClientOptions> options, ILogger<DstackClient> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Report(logger, options.Value);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "dstack guest agent: {Options}")]
    private static partial void Report(ILogger logger, DstackClientOptions options);
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Dstack.Agent;

/// <summary>Registration in a host: refused before it starts, or said in its log.</summary>
public class AddDstackTests
{
    [Fact]
    public async Task A_host_logs_the_effective_values_when_it_starts()
    {
        var log = new Log();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(log);
        builder.Services.AddDstack(options => options.Endpoint = "http://127.0.0.1:1");
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Contains("dstack guest agent: http://127.0.0.1:1, timeout 30 s, answers of at most 33554432 bytes", log.Lines);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("http://", 30, 1 << 20, "is no address")]
    [InlineData("LONG", 30, 1 << 20, "too long for a unix socket")]
    [InlineData(null, 0, 1 << 20, "Timeout")]
    [InlineData(null, 4000, 1 << 20, "Timeout")]
    [InlineData(null, 30, 10, "MaximumAnswerBytes")]
    public async Task A_host_with_bad_options_does_not_start(string? endpoint, int seconds, int maximum, string word)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDstack(options => (options.Endpoint, options.Timeout, options.MaximumAnswerBytes) =
            (endpoint == "LONG" ? "/" + new string('x', 107) : endpoint, TimeSpan.FromSeconds(seconds), maximum));
        using IHost host = builder.Build();
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains(word, e.Message, StringComparison.Ordinal);
    }

    private sealed class Log : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}

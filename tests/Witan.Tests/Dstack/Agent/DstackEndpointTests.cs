using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Dstack.Agent;

public class DstackEndpointTests
{
    [Fact]
    public void An_address_is_taken_and_a_missing_path_is_refused_in_the_words_of_the_other_SDKs()
    {
        Assert.Equal("http://127.0.0.1:1", DstackEndpoint.Resolve("http://127.0.0.1:1"));
        Assert.Equal(
            "Unix socket file /nowhere/dstack.sock does not exist",
            Assert.Throws<DstackUnavailableException>(() => DstackEndpoint.Resolve("/nowhere/dstack.sock")).Message);
        Assert.Throws<ArgumentException>(() => DstackEndpoint.Resolve("http://"));
        Assert.Throws<ArgumentException>(() => DstackEndpoint.Resolve("/" + new string('x', 107)));
    }

    [Fact]
    public void The_paths_are_tried_in_the_order_of_the_other_SDKs() => Assert.Equal(
        ["/var/run/dstack.sock", "/run/dstack.sock", "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock"], DstackEndpoint.Paths);

    [Fact]
    public void Registration_gives_one_client_and_refuses_bad_options_at_start()
    {
        using ServiceProvider good = new ServiceCollection().AddDstack(options => options.Endpoint = "http://127.0.0.1:1").BuildServiceProvider();
        Assert.Same(good.GetRequiredService<DstackClient>(), good.GetRequiredService<DstackClient>());
        using ServiceProvider bad = new ServiceCollection().AddDstack(options => options.Timeout = TimeSpan.Zero).BuildServiceProvider();
        Assert.Contains(
            "Timeout",
            Assert.Throws<OptionsValidationException>(() => bad.GetRequiredService<IStartupValidator>().Validate()).Message,
            StringComparison.Ordinal);
    }
}

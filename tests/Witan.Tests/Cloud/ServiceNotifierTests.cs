using System.Net.Sockets;
using System.Text;
using Witan.Agent;
using Xunit;

namespace Witan.Tests.Cloud;

public sealed class ServiceNotifierTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-n").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_service_manager_gets_one_datagram(bool isAbstract)
    {
        string name = isAbstract ? $"@witan-{Guid.NewGuid():N}" : Path.Combine(_folder, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        Assert.True(ServiceNotifier.Send(name, "READY=1\nSTATUS=serves"));
        byte[] buffer = new byte[100];
        int length = await manager.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Assert.Equal("READY=1\nSTATUS=serves", Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock:2:1234")]
    [InlineData("/no/such/socket")]
    public void Without_a_service_manager_nothing_happens(string? address) => Assert.False(ServiceNotifier.Send(address, "READY=1"));
}

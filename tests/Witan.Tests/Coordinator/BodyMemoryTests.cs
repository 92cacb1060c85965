using System.Net;
using System.Net.Sockets;
using System.Text;
using Witan.Coordinator.Limits;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

public sealed class BodyMemoryTests
{
    [Fact]
    public void No_more_is_taken_than_there_is()
    {
        var memory = new BodyMemory(100);
        Assert.True(memory.TryTake(60));
        Assert.False(memory.TryTake(41));
        Assert.Equal(60, memory.Taken);
        memory.Give(60);
        Assert.True(memory.TryTake(100));
    }

    [Fact]
    public async Task Senders_that_trickle_an_admission_hold_no_place_of_those_that_send_it_whole()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync();
        using var agent = new TestAgent(coordinator);
        // The slow ones are closed after some seconds, so that a busy machine may need another go.
        bool before = false;
        for (int attempt = 0; attempt < 5 && !before; attempt++)
        {
            Socket[] slow = await Task.WhenAll(Enumerable.Range(0, 20 * Environment.ProcessorCount).Select(_ => TrickleAsync(coordinator.Options.Port)));
            try
            {
                await agent.AdmitAsync(AgentRole.Worker);
                before = !Array.Exists(slow, socket => socket.Poll(0, SelectMode.SelectRead));
            }
            finally
            {
                Array.ForEach(slow, socket => socket.Dispose());
            }
        }

        Assert.True(before, "the admission was answered only after the slow senders were closed");
    }

    private static async Task<Socket> TrickleAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, CancellationToken.None);
        await socket.SendAsync(Encoding.ASCII.GetBytes("POST /v1/admission HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n{"), CancellationToken.None);
        return socket;
    }
}

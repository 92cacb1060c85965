using System.Diagnostics;
using System.Text;
using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Dstack.Agent;

/// <summary>Whatever answers on the socket, the client gives an answer or one clear exception, in bounded time and memory.</summary>
public class HostileAgentTests
{
    private static readonly string Good = """{"key":"11","signature_chain":[]}""".Replace("11", new string('1', 64), StringComparison.Ordinal);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<Exception?> AskAsync(HostileAgent agent, int timeout = 60_000, int maximum = 1 << 20)
    {
        using var client = new DstackClient(new DstackClientOptions
        {
            Endpoint = agent.Path,
            Timeout = TimeSpan.FromMilliseconds(timeout),
            MaximumAnswerBytes = maximum,
        });
        return await Record.ExceptionAsync(async () =>
        {
            using GetKeyResponse key = await client.GetKeyAsync("x", cancellationToken: Cancel);
            Assert.Equal(0x11, key.Key[0]);
        });
    }

    [Fact]
    public async Task A_good_answer_is_taken()
    {
        await using var agent = new HostileAgent(HostileAgent.Whole(Good));
        Assert.Null(await AskAsync(agent));
    }

    [Fact]
    public async Task A_chunked_answer_is_taken()
    {
        string chunks = string.Concat(Good.Chunk(7).Select(part => $"{part.Length:x}\r\n{new string(part)}\r\n")) + "0\r\n\r\n";
        await using var agent = new HostileAgent($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        Assert.Null(await AskAsync(agent));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Len")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"key\":\"11")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"key\"")]
    [InlineData("SSH-2.0-x\r\n")]
    public async Task An_agent_that_dies_in_the_middle_or_speaks_something_else_is_unavailable(string answer)
    {
        await using var agent = new HostileAgent(answer);
        DstackException e = Assert.IsType<DstackUnavailableException>(await AskAsync(agent), exactMatch: false);
        Assert.Contains(agent.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains("GetKey", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"key\":null,\"signature_chain\":[]}")]
    [InlineData("{\"key\":\"zz\",\"signature_chain\":[]}")]
    [InlineData("{\"key\":\"1111\",\"signature_chain\":[]}")]
    [InlineData("{\"key\":17,\"signature_chain\":[]}")]
    [InlineData("{\"key\":\"1111111111111111111111111111111111111111111111111111111111111111\",\"signature_chain\":[\"zz\"]}")]
    [InlineData("{\"key\":\"11\",\"key\":\"22\",\"signature_chain\":[]}")]
    [InlineData("<html>")]
    public async Task Json_that_is_no_answer_is_a_protocol_error_that_quotes_nothing(string body)
    {
        await using var agent = new HostileAgent(HostileAgent.Whole(body));
        DstackProtocolException e = Assert.IsType<DstackProtocolException>(await AskAsync(agent));
        Assert.DoesNotContain("1111", e.Message, StringComparison.Ordinal);
        Assert.Null(e.InnerException);
    }

    [Fact]
    public async Task Deep_nesting_is_a_protocol_error()
    {
        await using var agent = new HostileAgent(HostileAgent.Whole("{\"x\":" + new string('[', 100_000)));
        Assert.IsType<DstackProtocolException>(await AskAsync(agent));
    }

    [Theory]
    [InlineData("Content-Length: 99999999999")]
    [InlineData("X: y")]
    public async Task An_answer_without_end_is_cut_off(string header)
    {
        await using var agent = new HostileAgent(async (socket, cancel) =>
        {
            await HostileAgent.SendAsync(socket, $"HTTP/1.1 200 OK\r\n{header}\r\n\r\n", cancel);
            byte[] blanks = Encoding.ASCII.GetBytes(new string(' ', 64 << 10));
            for (int i = 0; i < 1000; i++)
                await socket.SendAsync(blanks, cancel);
        });
        DstackProtocolException e = Assert.IsType<DstackProtocolException>(await AskAsync(agent));
        Assert.Contains("more than 1048576 bytes", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")]
    public async Task An_agent_that_falls_silent_runs_into_the_timeout_even_inside_the_body(string start)
    {
        await using var agent = new HostileAgent(async (socket, cancel) =>
        {
            await HostileAgent.SendAsync(socket, start, cancel);
            await Task.Delay(Timeout.Infinite, cancel);
        });
        var watch = Stopwatch.StartNew();
        DstackException e = Assert.IsType<DstackUnavailableException>(await AskAsync(agent, timeout: 200).WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        Assert.Contains("within 0.2 s", e.Message, StringComparison.Ordinal);
        Assert.True(watch.ElapsedMilliseconds >= 150, $"{watch.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task Cancelling_is_not_a_timeout()
    {
        await using var agent = new HostileAgent((_, cancel) => Task.Delay(Timeout.Infinite, cancel));
        using var client = new DstackClient(agent.Path);
        using var cancel = new CancellationTokenSource(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.InfoAsync(cancel.Token));
    }

    [Theory]
    [InlineData(400, "{\"error\":\"Unsupported algorithm\"}", "GetKey: Unsupported algorithm")]
    [InlineData(400, "{\"error\":\"\\u001b[31mred\\r\\nline\"}", "GetKey:  [31mred  line")]
    [InlineData(404, "<html>no</html>", "GetKey: the agent answered 404")]
    [InlineData(302, "", "GetKey: the agent answered 302")]
    [InlineData(204, "", "GetKey: the agent answered 204")]
    public async Task A_refusal_is_told_in_the_agents_words_without_control_characters(int status, string body, string message)
    {
        await using var agent = new HostileAgent(status == 204 ? "HTTP/1.1 204 X\r\n\r\n" : HostileAgent.Whole(body, status));
        DstackRefusedException e = Assert.IsType<DstackRefusedException>(await AskAsync(agent));
        Assert.Equal((message, status), (e.Message, e.Status));
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_is_unavailable_and_not_reachable()
    {
        var agent = new HostileAgent("");
        string path = agent.Path, kept = Path.Combine(Path.GetTempPath(), $"witan-{Guid.NewGuid():N}.sock");
        try
        {
            using (var dead = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
            {
                dead.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(kept));
                using var client = new DstackClient(kept);
                await Assert.ThrowsAsync<DstackUnavailableException>(() => client.InfoAsync(Cancel));
                Assert.False(await client.IsReachableAsync(Cancel));
            }
        }
        finally
        {
            File.Delete(kept);
            await agent.DisposeAsync();
        }

        Assert.Equal($"Unix socket file {path} does not exist", Assert.Throws<DstackUnavailableException>(() => new DstackClient(path)).Message);
    }
}

using System.Net;
using Witan.Dstack.Cloud;
using Xunit;

namespace Witan.Tests.Cloud;

public sealed class CloudErrorsTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private PhalaCloudServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await PhalaCloudServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
    }

    [Theory]
    [InlineData(409, """{"detail":{"error_code":"ERR-01-004","message":"taken"}}""", "a CVM of this name exists already: taken [ERR-01-004]", "same name to update")]
    [InlineData(409, """{"error_code":"ERR-03-007","message":"conflict"}""", "in use by another CVM", "witan cvms list")]
    [InlineData(400, """{"detail":{"error_code":"ERR-02-003","message":"no nodes","suggestions":["try us-west"]}}""", "no machine, image or quota fits the request: no nodes", "--instance-type")]
    [InlineData(402, """{"detail":{"error_code":"ERR-04-001","message":"x"}}""", "balance is too low", "add funds")]
    [InlineData(403, """{"detail":{"error_code":"ERR-04-002","message":"x"}}""", "maximum number of CVMs", "delete one")]
    [InlineData(401, """{"detail":"Invalid API key"}""", "the API key is not accepted: Invalid API key", "PHALA_CLOUD_API_KEY")]
    [InlineData(422, """{"detail":[{"loc":["body","name"],"msg":"too short","type":"x"},{"loc":["body","disk_size"],"msg":"too big","type":"x"}]}""", "name: too short; disk_size: too big", null)]
    [InlineData(422, """{"detail":{"message":"bad","details":[{"field":"env","value":"hunter22","message":"wrong"}]}}""", "bad (env: wrong)", null)]
    [InlineData(465, "{}", "registered on chain", "register the compose hash")]
    [InlineData(466, "", "has expired", "from the start")]
    [InlineData(502, "<html><body>Bad Gateway</body></html>", "the service failed (HTTP 502)", "try again later")]
    [InlineData(418, "[1]", "HTTP 418", null)]
    [InlineData(400, "plain \u001b[31mtext", "the request was refused: plain [31mtext", null)]
    public async Task An_error_becomes_a_sentence_and_a_remedy(int status, string body, string message, string? remedy)
    {
        _server.Add("council");
        _server.Next("POST cvms/council/restart", status, body);
        var error = await Assert.ThrowsAsync<CloudApiException>(() => _server.Client(_http).RestartAsync("council", TestContext.Current.CancellationToken));
        Assert.Contains(message, error.Message);
        Assert.StartsWith("restarting council: ", error.Message);
        Assert.Equal((HttpStatusCode)status, error.Status);
        Assert.NotEmpty(error.Remedy!);
        if (remedy is not null)
            Assert.Contains(remedy, error.Remedy);
        Assert.DoesNotContain("hunter22", error.Message);
        Assert.Equal(1, _server.Count("POST cvms/council/restart"));
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_said_so()
    {
        PhalaCloudClient client = _server.Client(_http);
        await _server.DisposeAsync();
        var error = await Assert.ThrowsAsync<CloudApiException>(() => client.DeleteAsync("council", TestContext.Current.CancellationToken));
        Assert.Contains("127.0.0.1 cannot be reached", error.Message);
        Assert.True(error.IsTransient);
    }

    [Theory]
    [InlineData("c0ffee00-0000-4000-8000-000000000001", "c0ffee00000040008000000000000001")]
    [InlineData("00112233445566778899aabbccddeeff00112233", "app_00112233445566778899aabbccddeeff00112233")]
    [InlineData("cvm_abc", "cvm_abc")]
    [InlineData("my council/..", "my%20council%2F..")]
    public async Task Ids_take_their_form_in_paths(string id, string segment)
    {
        await _server.Client(_http).FindAsync(id, TestContext.Current.CancellationToken);
        Assert.Equal($"GET cvms/{Uri.UnescapeDataString(segment)}", Uri.UnescapeDataString(Assert.Single(_server.Requests)));
    }
}

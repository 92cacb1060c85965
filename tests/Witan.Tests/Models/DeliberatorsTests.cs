using Witan.Agent;
using Witan.Worker.Deliberation;
using Witan.Worker.Models;
using Xunit;

namespace Witan.Tests.Models;

/// <summary>How a worker's mind is set up where nothing else is said.</summary>
public sealed class DeliberatorsTests
{
    [Fact]
    public void A_providers_signatures_are_recorded_unless_something_else_is_asked_for()
    {
        Assert.Equal(SignaturePolicy.Record, Deliberators.PolicyOf(null));
        Assert.Equal(SignaturePolicy.Record, Deliberators.PolicyOf(""));
        Assert.Equal(SignaturePolicy.Ignore, Deliberators.PolicyOf("ignore"));
        Assert.Equal(SignaturePolicy.Attested, Deliberators.PolicyOf("attested"));
        Assert.Throws<SettingException>(() => Deliberators.PolicyOf("Record"));
    }

    [Theory]
    [InlineData("WITAN_MODEL")]
    [InlineData("WITAN_MODEL_SIGNATURES")]
    public void A_model_without_an_endpoint_is_no_worker_that_votes_by_rules(string variable)
    {
        using var http = new HttpClient();
        var profile = new WorkerProfile("witan.profile/1", "Test", "values", [], []);
        var agent = new AgentOptions { Name = "n", Coordinator = new Uri("http://127.0.0.1:1"), State = "/nowhere" };
        IDeliberator Create(params (string Name, string Value)[] set) =>
            Deliberators.Create(profile, agent, http, TimeProvider.System, name => set.FirstOrDefault(pair => pair.Name == name).Value);
        foreach ((string, string)[] more in ((string, string)[][])[[], [("WITAN_MODEL_ENDPOINT", "")], [("WITAN_MODEL_ENDPIONT", "https://a.example/v1")]])
        {
            SettingException refused = Assert.Throws<SettingException>(() => Create([(variable, "require"), .. more]));
            Assert.Equal(($"{variable} is set and WITAN_MODEL_ENDPOINT is not", "set both, or neither for the rules of the profile"), (refused.Message, refused.Hint));
        }

        Assert.IsType<RuleDeliberator>(Create());
        Assert.IsType<RuleDeliberator>(Create((variable, "")));
        Assert.IsType<ModelDeliberator>(Create(("WITAN_MODEL", "m"), ("WITAN_MODEL_SIGNATURES", "ignore"), ("WITAN_MODEL_ENDPOINT", "https://a.example/v1")));
    }

    [Theory]
    [InlineData("[null]", "[]")]
    [InlineData("[]", "[null]")]
    public void A_profile_with_a_null_in_a_list_is_refused(string criteria, string redLines)
    {
        FormatException refused = Assert.Throws<FormatException>(() => WorkerProfile.Parse(
            System.Text.Encoding.UTF8.GetBytes($$"""{"schema":"witan.profile/1","name":"n","values":"v","criteria":{{criteria}},"redLines":{{redLines}}}""")));
        Assert.Equal("a list holds null", refused.Message);
    }

    [Fact]
    public async Task A_mind_that_fails_in_a_way_nobody_foresaw_abstains_with_a_reason_and_one_that_is_stopped_does_not()
    {
        foreach (Exception fault in new Exception[] { new FormatException("no"), new TaskCanceledException("a limit of the client's own") })
        {
            Opinion opinion = await AskAsync(fault, TestContext.Current.CancellationToken);
            Assert.Equal(2, opinion.Option);
            Assert.StartsWith("Abstained: Unforeseen. ", opinion.Reasoning, StringComparison.Ordinal);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AskAsync(new TaskCanceledException(), new CancellationToken(canceled: true)));
    }

    private static async Task<Opinion> AskAsync(Exception fault, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new Faulty(fault));
        using var client = new OpenAiChatClient(http, new ChatEndpointOptions { BaseAddress = new Uri("http://127.0.0.1:1/v1"), Model = "m" }, TimeProvider.System);
        var mind = new ModelDeliberator(
            new ModelDeliberation(client, new DeliberationBudget(), TimeProvider.System), new WorkerProfile("witan.profile/1", "Test", "values", [], []), "m");
        return await mind.DeliberateAsync(new Witan.Tests.Voting.Council(3).Body, [], null, cancellationToken);
    }

    private sealed class Faulty(Exception fault) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromException<HttpResponseMessage>(fault);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_carries_the_prompt_nowhere(int status)
    {
        await using ModelServer other = await ModelServer.StartAsync((context, _) =>
            ModelServer.Write(context, ModelServer.Completion("""{"vote":"Approved","reasoning":"x"}""")));
        await using ModelServer server = await ModelServer.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = $"{other.Address}/chat/completions";
            return Task.CompletedTask;
        });
        using HttpClient http = Deliberators.Client();
        using var client = new OpenAiChatClient(http, new ChatEndpointOptions { BaseAddress = server.Address, Model = "m", ApiKey = "secret-key" }, TimeProvider.System);
        ModelOpinion opinion = await new ModelDeliberation(client, new DeliberationBudget(), TimeProvider.System).AskAsync(
            new DeliberationPrompt { Mind = "m", Proposal = "p" }, ["Approved", "Rejected", "Abstain"], 2, TestContext.Current.CancellationToken);
        Assert.Equal(AbstentionReason.ModelRefused, opinion.Abstention);
        Assert.Empty(other.Requests);
    }
}

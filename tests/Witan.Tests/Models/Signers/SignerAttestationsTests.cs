using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Witan.Worker.Deliberation;
using Witan.Worker.Models;
using Witan.Worker.Signers;
using Xunit;

namespace Witan.Tests.Models.Signers;

/// <summary>Attestation of the key that signed, through a real server: what holds, and a reason of its own for all that does not.</summary>
public sealed class SignerAttestationsTests : IDisposable
{
    private const ulong Production = 1UL << 28;
    private static readonly WorkerProfile Profile = new("witan.profile/1", "Test", "values", [], []);
    private readonly ProviderTee _tee = new();
    private int _reports;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Vote => ModelServer.Completion("""{"vote":"Approve","reasoning":"good"}""");

    /// <summary>What goes wrong, by name: given the tee, an honest report and the nonce sent.</summary>
    private static readonly Dictionary<string, (SignerStanding Standing, Action<ProviderTee, JsonObject, string> Change)> Lies = new(StringComparer.Ordinal)
    {
        ["no attestation at all"] = (SignerStanding.NoCandidate, (_, report, _) => report["model_attestations"] = new JsonArray()),
        ["no list"] = (SignerStanding.NoCandidate, (_, report, _) => report.Remove("model_attestations")),
        ["another signer's"] = (SignerStanding.NoCandidate, (_, report, _) => One(report)["signing_address"] = new string('a', 64)),
        ["another algorithm's"] = (SignerStanding.NoCandidate, (_, report, _) => One(report)["signing_algo"] = "ecdsa"),
        ["only the gateway's"] = (SignerStanding.NoCandidate, (_, report, _) => (report["gateway_attestation"], report["model_attestations"]) = (One(report).DeepClone(), new JsonArray())),
        ["two of the signer"] = (SignerStanding.SeveralCandidates, (_, report, _) => report["model_attestations"]!.AsArray().Add(One(report).DeepClone())),
        ["another nonce"] = (SignerStanding.NonceMismatch, (_, report, _) => One(report)["request_nonce"] = new string('0', 64)),
        ["no nonce"] = (SignerStanding.NonceMismatch, (_, report, _) => One(report).Remove("request_nonce")),
        ["an old quote"] = (SignerStanding.NonceNotBound, (tee, report, _) => Quote(report, tee.Quote([.. tee.PublicKey, .. new byte[32]]))),
        ["another key bound"] = (SignerStanding.SignerNotBound, (tee, report, nonce) => Quote(report, tee.Quote([.. RandomNumberGenerator.GetBytes(32), .. Convert.FromHexString(nonce)]))),
        ["another copy of the report data"] = (SignerStanding.ReportDataCopy, (_, report, _) => One(report)["report_data"] = new string('1', 128)),
        ["no quote"] = (SignerStanding.QuoteInvalid, (_, report, _) => One(report).Remove("intel_quote")),
        ["a quote that is no hexadecimal"] = (SignerStanding.QuoteInvalid, (_, report, _) => One(report)["intel_quote"] = "quote"),
        ["a quote cut short"] = (SignerStanding.QuoteInvalid, (_, report, _) => One(report)["intel_quote"] = Text(report, "intel_quote")[..400]),
        ["a forged quote"] = (SignerStanding.QuoteInvalid, (_, report, _) => One(report)["intel_quote"] = Flip(Text(report, "intel_quote"), 2 * 600)),
        ["debug"] = (SignerStanding.Debug, (tee, report, nonce) => Quote(report, tee.Quote(Bound(tee, nonce), Production | 1))),
        ["a TD whose host can inject exceptions"] = (SignerStanding.PolicyRefused, (tee, report, nonce) => Quote(report, tee.Quote(Bound(tee, nonce), 0))),
        ["an event left out"] = (SignerStanding.EventLogMismatch, (_, report, _) => Events(report, events => events.RemoveAt(events.Count - 1))),
        ["an event changed"] = (SignerStanding.EventLogMismatch, (_, report, _) => Events(report, events => events[^2]!["event_payload"] = "00")),
        ["no events"] = (SignerStanding.EventLogMismatch, (_, report, _) => One(report).Remove("event_log")),
        ["another compose file"] = (SignerStanding.ComposeMismatch, (_, report, _) => One(report)["info"] = new JsonObject { ["tcb_info"] = new JsonObject { ["app_compose"] = "{}" } }),
        ["no compose file"] = (SignerStanding.ComposeMismatch, (_, report, _) => One(report).Remove("info")),
        ["another configuration id"] = (SignerStanding.ComposeMismatch, (tee, report, nonce) => Quote(report, tee.Quote(Bound(tee, nonce), Production, new byte[48]))),
        ["a GPU's old evidence"] = (SignerStanding.GpuNonceMismatch, (_, report, _) => One(report)["nvidia_payload"] = """{"nonce":"00"}"""),
        ["a GPU's evidence without a nonce"] = (SignerStanding.GpuNonceMismatch, (_, report, _) => One(report)["nvidia_payload"] = new JsonObject()),
        ["an attestation that is no object"] = (SignerStanding.ReportGarbage, (_, report, _) => report["model_attestations"] = new JsonArray(1)),
        ["a number for an address"] = (SignerStanding.ReportGarbage, (_, report, _) => One(report)["signing_address"] = 1),
        ["a compose text that is no JSON"] = (SignerStanding.ReportGarbage, (_, report, _) => One(report)["info"] = new JsonObject { ["tcb_info"] = "{" }),
        ["too many attestations"] = (SignerStanding.ReportGarbage, (_, report, _) => report["model_attestations"] = new JsonArray([.. Enumerable.Range(0, 65).Select(_ => One(report).DeepClone())])),
    };

    public static TheoryData<string> Names => [.. Lies.Keys];

    public void Dispose() => _tee.Dispose();

    [Fact]
    public async Task A_vote_counts_whose_signer_is_attested_and_what_was_not_checked_is_named()
    {
        Opinion opinion = await DeliberateAsync(SignaturePolicy.Attested, Honest);
        Assert.Equal(0, opinion.Option);
        ModelEvidence evidence = Assert.Single(opinion.Evidence);
        SignerAttestation attestation = evidence.Attestation!;
        Assert.Equal(SignerStanding.Attested, attestation.Standing);
        Assert.True(attestation.IsSimulated);
        Assert.Equal(_tee.Machine.ComposeHash, attestation.ComposeHash);
        Assert.Equal(["gpu", "os-image", "tls", "program"], attestation.NotChecked.Select(line => line.Split(':')[0]));
        string kept = Encoding.UTF8.GetString(SealedReasons.ToBytes(opinion));
        Assert.Contains("\"standing\":\"Attested\"", kept, StringComparison.Ordinal);
        Assert.Contains("NVIDIA\\u0027s verdict", kept, StringComparison.Ordinal);
        Assert.Contains($"\"reports\":{{\"{attestation.ReportHash}\":\"", kept, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_lie_has_its_own_reason_and_makes_the_worker_abstain(string lie)
    {
        (SignerStanding standing, Action<ProviderTee, JsonObject, string> change) = Lies[lie];
        Task Report(HttpContext context)
        {
            JsonObject report = _tee.Report(Nonce(context));
            change(_tee, report, Nonce(context));
            return ModelServer.Write(context, report.ToJsonString());
        }

        Opinion opinion = await DeliberateAsync(SignaturePolicy.Attested, Report);
        SignerAttestation attestation = Assert.Single(opinion.Evidence).Attestation!;
        Assert.True(standing == attestation.Standing, $"{attestation.Standing}: {attestation.Sentence}");
        Assert.Equal(2, opinion.Option);
        Assert.StartsWith($"Abstained: SignerNotAttested. The model's vote is not counted: {standing}: ", opinion.Reasoning, StringComparison.Ordinal);
        Assert.Empty(attestation.NotChecked);
    }

    [Fact]
    public async Task Where_it_is_only_recorded_the_vote_counts_and_the_result_is_kept()
    {
        foreach (SignaturePolicy policy in new[] { SignaturePolicy.Record, SignaturePolicy.Require })
        {
            Opinion opinion = await DeliberateAsync(policy, context => ModelServer.Write(context, "{}"));
            Assert.Equal(0, opinion.Option);
            Assert.Equal(SignerStanding.NoCandidate, Assert.Single(opinion.Evidence).Attestation!.Standing);
        }
    }

    [Theory]
    [InlineData("nothing", SignerStanding.ReportGarbage)]
    [InlineData("null", SignerStanding.ReportGarbage)]
    [InlineData("", SignerStanding.ReportGarbage)]
    [InlineData("{\"model_attestations\":[],\"model_attestations\":[]}", SignerStanding.ReportGarbage)]
    public async Task Garbage_has_a_reason(string body, SignerStanding standing) =>
        Assert.Equal(standing, (await JudgeAsync(context => ModelServer.Write(context, body))).Standing);

    [Fact]
    public async Task An_error_status_has_a_reason() =>
        Assert.Equal(SignerStanding.ReportUnreachable, (await JudgeAsync(context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        })).Standing);

    [Fact]
    public async Task A_report_of_ten_megabytes_is_not_read_to_its_end()
    {
        long sent = 0;
        SignerAttestation attestation = await JudgeAsync(async context =>
        {
            byte[] chunk = new byte[64 * 1024];
            for (int i = 0; i < 160; i++)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
                sent += chunk.Length;
            }
        });
        Assert.Equal(SignerStanding.ReportTooLong, attestation.Standing);
        Assert.True(attestation.Report.IsEmpty);
        Assert.InRange(sent, 1, 10 << 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_provider_that_stalls_is_not_waited_for(bool midway)
    {
        SignerAttestation attestation = await JudgeAsync(
            async context =>
            {
                if (midway)
                {
                    await context.Response.Body.WriteAsync("{"u8.ToArray());
                    await context.Response.Body.FlushAsync();
                }

                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            },
            patience: TimeSpan.FromMilliseconds(300));
        Assert.Equal(SignerStanding.ReportTimeout, attestation.Standing);
    }

    [Fact]
    public async Task Without_collateral_nothing_is_asked_and_nothing_is_good()
    {
        File.Delete(_tee.CollateralPath);
        Assert.Equal(SignerStanding.NoCollateral, (await JudgeAsync(Honest)).Standing);
        Assert.Equal(0, _reports);
    }

    [Fact]
    public async Task Collateral_that_is_out_of_date_leaves_it_undecided()
    {
        _tee.WriteCollateral(_tee.Clock.GetUtcNow().AddDays(-100));
        SignerAttestation attestation = await JudgeAsync(Honest);
        Assert.True(attestation.Standing == SignerStanding.Undecided, attestation.ToString());
    }

    [Fact]
    public async Task A_program_that_the_owner_did_not_list_is_refused_and_a_listed_one_is_not_among_the_unchecked()
    {
        SignerPolicy Listing(string hash) => ProviderTee.Policy with { ComposeHashes = [hash] };
        Assert.Equal(SignerStanding.ComposeNotListed, (await JudgeAsync(Honest, Listing(new string('0', 64)))).Standing);
        SignerAttestation listed = await JudgeAsync(Honest, Listing(_tee.Machine.ComposeHash));
        Assert.Equal(SignerStanding.Attested, listed.Standing);
        Assert.DoesNotContain(listed.NotChecked, line => line.StartsWith("program", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_that_takes_no_development_root_refuses_it() =>
        Assert.Equal(SignerStanding.PolicyRefused, (await JudgeAsync(Honest, new SignerPolicy(Witan.Attestation.AppraisalPolicy.Phala))).Standing);

    [Fact]
    public async Task A_gateways_key_is_attested_and_is_not_enough()
    {
        Task Report(HttpContext context) => ModelServer.Write(context, new JsonObject { ["gateway_attestation"] = _tee.Attestation(Nonce(context)) }.ToJsonString());
        Opinion opinion = await DeliberateAsync(SignaturePolicy.Attested, Report, kind: "gateway");
        Assert.Equal(SignerStanding.Attested, Assert.Single(opinion.Evidence).Attestation!.Standing);
        Assert.Equal(2, opinion.Option);
        Assert.Contains("SignerNotAttested", opinion.Reasoning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signer_is_asked_about_once_until_it_is_too_old_or_the_collateral_changes()
    {
        await using ModelServer server = await ServerAsync(Honest, "provider_tee");
        using var http = new HttpClient();
        SignerAttestations attestations = Attestations(http, server, ProviderTee.Policy);
        SignerAttestation[] several = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => attestations.JudgeAsync(_tee.Key, Cancel)));
        Assert.All(several, one => Assert.Same(several[0], one));
        Assert.Equal(1, _reports);
        _tee.Clock.Advance(SignerAttestations.Age - TimeSpan.FromSeconds(1));
        await attestations.JudgeAsync(_tee.Key, Cancel);
        Assert.Equal(1, _reports);
        _tee.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.NotEqual(several[0].Nonce, (await attestations.JudgeAsync(_tee.Key, Cancel)).Nonce);
        Assert.Equal(2, _reports);
        _tee.WriteCollateral(_tee.Clock.GetUtcNow().AddDays(-2));
        File.SetLastWriteTimeUtc(_tee.CollateralPath, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        await attestations.JudgeAsync(_tee.Key, Cancel);
        Assert.Equal(3, _reports);
    }

    [Fact]
    public async Task A_failure_is_not_remembered_and_a_signer_is_not_another()
    {
        await using ModelServer server = await ServerAsync(context => _reports == 1 ? ModelServer.Write(context, "{") : Honest(context), "provider_tee");
        using var http = new HttpClient();
        SignerAttestations attestations = Attestations(http, server, ProviderTee.Policy);
        Assert.Equal(SignerStanding.ReportGarbage, (await attestations.JudgeAsync(_tee.Key, Cancel)).Standing);
        Assert.Equal(SignerStanding.Attested, (await attestations.JudgeAsync(_tee.Key, Cancel)).Standing);
        Assert.Equal(SignerStanding.NoCandidate, (await attestations.JudgeAsync(_tee.Key with { Address = new string('b', 64) }, Cancel)).Standing);
        Assert.Equal(SignerStanding.NoCandidate, (await attestations.JudgeAsync(_tee.Key with { Kind = AnswerSigner.Gateway }, Cancel)).Standing);
    }

    [Fact]
    public async Task Who_stops_waiting_does_not_stop_the_question_for_others()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using ModelServer server = await ServerAsync(
            async context =>
            {
                asked.SetResult();
                await answer.Task;
                await Honest(context);
            },
            "provider_tee");
        using var http = new HttpClient();
        SignerAttestations attestations = Attestations(http, server, ProviderTee.Policy);
        using var impatient = new CancellationTokenSource();
        Task<SignerAttestation> first = attestations.JudgeAsync(_tee.Key, impatient.Token), second = attestations.JudgeAsync(_tee.Key, Cancel);
        await asked.Task.WaitAsync(Cancel);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult();
        Assert.True((await second).IsAttested);
    }

    private Task Honest(HttpContext context) => ModelServer.Write(context, _tee.Report(Nonce(context)).ToJsonString());

    private async Task<SignerAttestation> JudgeAsync(Func<HttpContext, Task> report, SignerPolicy? policy = null, TimeSpan? patience = null)
    {
        await using ModelServer server = await ServerAsync(report, "provider_tee");
        using var http = new HttpClient();
        return await Attestations(http, server, policy ?? ProviderTee.Policy, patience).JudgeAsync(_tee.Key, Cancel);
    }

    private async Task<Opinion> DeliberateAsync(SignaturePolicy policy, Func<HttpContext, Task> report, string kind = "provider_tee")
    {
        await using ModelServer server = await ServerAsync(report, kind);
        using var http = new HttpClient();
        ChatEndpointOptions options = Options(server);
        var deliberation = new ModelDeliberation(new OpenAiChatClient(http, options, TimeProvider.System), new DeliberationBudget(), TimeProvider.System);
        var signatures = new AnswerSignatures(http, options, Attestations(http, server, ProviderTee.Policy));
        return await new ModelDeliberator(deliberation, Profile, "test-model", policy, signatures).DeliberateAsync(new Witan.Tests.Voting.Council(3).Body, [], null, Cancel);
    }

    private Task<ModelServer> ServerAsync(Func<HttpContext, Task> report, string kind)
    {
        byte[] request = [], response = Encoding.UTF8.GetBytes(Vote);
        return ModelServer.StartAsync(
            (context, _) => ModelServer.Write(context, Vote),
            context => ModelServer.Write(context, _tee.Signature(request, response, kind)),
            body => request = body,
            context =>
            {
                Interlocked.Increment(ref _reports);
                return report(context);
            });
    }

    private SignerAttestations Attestations(HttpClient http, ModelServer server, SignerPolicy policy, TimeSpan? patience = null) =>
        new(http, Options(server), _tee.Collateral, policy, patience is null ? _tee.Clock : TimeProvider.System) { Patience = patience ?? TimeSpan.FromSeconds(30) };

    private static ChatEndpointOptions Options(ModelServer server) => new() { BaseAddress = server.Address, Model = "test-model", RefuseAliases = true };

    private static string Nonce(HttpContext context) => context.Request.Query["nonce"].Single()!;

    private static JsonObject One(JsonObject report) => report["model_attestations"]![0]!.AsObject();

    private static string Text(JsonObject report, string name) => One(report)[name]!.GetValue<string>();

    private static byte[] Bound(ProviderTee tee, string nonce) => [.. tee.PublicKey, .. Convert.FromHexString(nonce)];

    private static void Quote(JsonObject report, string quote)
    {
        One(report)["intel_quote"] = quote;
        One(report).Remove("report_data");
    }

    private static string Flip(string hex, int at)
    {
        int value = int.Parse(hex.AsSpan(at, 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) ^ 1;
        return string.Concat(hex.AsSpan(0, at), value.ToString("x", CultureInfo.InvariantCulture), hex.AsSpan(at + 1));
    }

    private static void Events(JsonObject report, Action<JsonArray> change)
    {
        JsonArray events = JsonNode.Parse(Text(report, "event_log"))!.AsArray();
        change(events);
        One(report)["event_log"] = events;
    }
}

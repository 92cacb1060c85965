using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Crypto;
using Witan.Voting;
using Witan.Voting.Wire;
using Xunit;

namespace Witan.Tests.Voting;

public class WireTests
{
    private static readonly DateTimeOffset Now = Council.Start;
    private readonly byte[] _server = RandomNumberGenerator.GetBytes(32);
    private readonly Agent _agent = new();

    private Digest ServerKey => new(Ed25519.PublicKey(_server));

    [Fact]
    public void A_nonce_is_good_for_its_server_audience_purpose_and_minute()
    {
        Nonce nonce = NewNonce();
        Assert.Null(nonce.Check(ServerKey, "council", NoncePurpose.Admission, Now));
        Assert.Null(nonce.Check(ServerKey, "council", NoncePurpose.Admission, Now.AddMilliseconds(59_999)));
        Assert.Equal(RefusalCode.Late, nonce.Check(ServerKey, "council", NoncePurpose.Admission, Now.AddSeconds(60))!.Code);
        Assert.Equal(RefusalCode.Late, nonce.Check(ServerKey, "council", NoncePurpose.Admission, Now.AddMilliseconds(-1))!.Code);
        Assert.NotNull(nonce.Check(ServerKey, "other", NoncePurpose.Admission, Now));
        Assert.NotNull(nonce.Check(ServerKey, "council", NoncePurpose.Renewal, Now));
        Assert.NotNull(nonce.Check(_agent.Keys.Signing, "council", NoncePurpose.Admission, Now));
        Assert.NotNull((nonce with { ExpiresAt = nonce.ExpiresAt.AddSeconds(1) }).Check(ServerKey, "council", NoncePurpose.Admission, Now));
        Assert.NotNull((nonce with { Value = Digest.Zero }).Check(ServerKey, "council", NoncePurpose.Admission, Now));
    }

    [Fact]
    public void Report_data_depends_on_every_field()
    {
        ReportBinding binding = Binding(NewNonce());
        ReportBinding[] changed =
        [
            binding with { Purpose = NoncePurpose.Renewal },
            binding with { Nonce = Digest.Zero },
            binding with { Audience = "other" },
            binding with { Context = new Digest(Enumerable.Repeat((byte)1, 32).ToArray()) },
            binding with { Role = AgentRole.Trustee },
            binding with { Keys = new Agent().Keys },
            binding with { ChannelKind = "tls-exporter" },
            binding with { ChannelValue = [1] },
            binding with { InstanceId = "i" },
            binding with { AppId = "a" },
            binding with { Policy = new Digest(Enumerable.Repeat((byte)1, 32).ToArray()) },
        ];
        byte[] data = binding.ReportData();
        Assert.Equal(64, data.Length);
        Assert.True(binding.Matches(data));
        Assert.All(changed, other => Assert.False(other.Matches(data)));
        Assert.Equal(changed.Length, typeof(ReportBinding).GetProperties().Length);
    }

    // A fixed vector, so that other implementations can compare: docs/reference/record.md.
    [Fact]
    public void Report_data_has_its_published_vector()
    {
        var binding = new ReportBinding
        {
            Purpose = NoncePurpose.Admission,
            Nonce = Digest.Zero,
            Audience = "coordinator",
            Role = AgentRole.Worker,
            Keys = new AgentKeys(new Digest(Ed25519.PublicKey(new byte[32])), Hpke.DeriveKeyPair(new byte[32]).Public),
            Policy = Digest.Zero,
        };
        string data = Convert.ToHexStringLower(binding.ReportData());
        Assert.StartsWith(data[..128], File.ReadAllText(Path.Combine(Harness.SharedData.Repository, "docs", "reference", "record.md"))
            .Split("report-data vector: ")[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_admission_needs_the_nonce_it_names_and_the_key_it_names()
    {
        Nonce nonce = NewNonce();
        AdmissionRequest request = AdmissionRequest.Create(nonce, Binding(nonce), EvidenceBundle.None, "w1", _agent.Seed);
        Assert.Null(request.Check(ServerKey, "council", Now));
        Assert.NotNull((request with { Binding = Binding(NewNonce()) }).Check(ServerKey, "council", Now));
        Assert.NotNull((request with { Binding = request.Binding with { Keys = new Agent().Keys } }).Check(ServerKey, "council", Now));
        Assert.NotNull(AdmissionRequest.Create(nonce, Binding(nonce), EvidenceBundle.None, "w1", _server).Check(ServerKey, "council", Now));
        Assert.NotNull(request.Check(ServerKey, "council", Now.AddMinutes(2)));
        AdmissionRequest read = RoundTrip(request, WireJson.Default.AdmissionRequest);
        Assert.Null(read.Check(ServerKey, "council", Now));
        Assert.Equal(Digest.Zero, EvidenceBundle.None.Digest());
        Assert.NotEqual(Digest.Zero, (EvidenceBundle.None with { Quote = [1] }).Digest());
    }

    [Fact]
    public void A_request_signature_covers_method_path_body_and_time()
    {
        RequestSignature signature = RequestSignature.Sign(
            _agent.Keys.AgentId, "POST", "/v1/ballots?x=1", "body"u8, Now, RandomNumberGenerator.GetBytes(32), _agent.Seed);
        Digest key = _agent.Keys.Signing;
        Assert.Null(signature.Check(key, "POST", "/v1/ballots?x=1", "body"u8, Now.AddSeconds(60)));
        Assert.NotNull(signature.Check(key, "PUT", "/v1/ballots?x=1", "body"u8, Now));
        Assert.NotNull(signature.Check(key, "POST", "/v1/ballots?x=2", "body"u8, Now));
        Assert.NotNull(signature.Check(key, "POST", "/v1/ballots?x=1", "bodY"u8, Now));
        Assert.NotNull(signature.Check(ServerKey, "POST", "/v1/ballots?x=1", "body"u8, Now));
        Assert.Equal(RefusalCode.Late, signature.Check(key, "POST", "/v1/ballots?x=1", "body"u8, Now.AddSeconds(61))!.Code);
        Assert.Equal(RefusalCode.Late, signature.Check(key, "POST", "/v1/ballots?x=1", "body"u8, Now.AddSeconds(-61))!.Code);
    }

    [Fact]
    public void An_assignment_is_for_one_agent_and_ends()
    {
        var council = new Council(3);
        council.OpenVoting();
        Assignment task = RoundTrip(new AssignmentPage([council.Assign(0, Now.AddSeconds(30))]), WireJson.Default.AssignmentPage).Assignments[0];
        Digest agent = council.Workers[0].Keys.AgentId;
        Assert.Null(task.Check(council.CoordinatorKey, agent, Now));
        Assert.Equal(council.State.BallotContext, task.Context);
        Assert.NotNull(task.Check(council.CoordinatorKey, council.Workers[1].Keys.AgentId, Now));
        Assert.NotNull(task.Check(ServerKey, agent, Now));
        Assert.Equal(RefusalCode.Late, task.Check(council.CoordinatorKey, agent, Now.AddSeconds(30))!.Code);
        Assert.NotNull((task with { Attempt = 2 }).Check(council.CoordinatorKey, agent, Now));
        Assert.NotNull((task with { Body = task.Body with { Text = "Shall it not?" } }).Check(council.CoordinatorKey, agent, Now));
    }

    [Theory]
    [InlineData(3, 4096)]
    [InlineData(8, 8192)]
    [InlineData(32, 16384)]
    public void A_cast_has_one_of_a_few_sizes_whatever_the_vote(int options, int size)
    {
        var council = new Council(3, change: body => body with { Options = [.. Enumerable.Range(1, options).Select(i => $"Option {i}")] });
        council.OpenVoting();
        for (int choice = 0; choice < options; choice += Math.Max(1, options / 3))
        {
            byte[] bytes = CastRequest.ToPaddedBytes(council.State.ProposalId, council.Ballot(0, choice));
            Assert.Equal(size, bytes.Length);
            Assert.True(StrictJson.TryRead(bytes, WireJson.Default.CastRequest, out CastRequest? read, out string? problem), problem);
            Assert.Null(council.Fork(council.Events.Count).Try(new BallotCast(read.Ballot)));
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"purpose":"Admission"} x""")]
    [InlineData("""{"purpose":"Admission","purpose":"Admission"}""")]
    [InlineData("""{"purpose":"Admission","more":1}""")]
    [InlineData("""{"purpose":0}""")]
    [InlineData("""{"purpose":"Lunch"}""")]
    [InlineData("""{"purpose":null}""")]
    [InlineData("""{"Purpose":"Admission"}""")]
    [InlineData("""{"purpose":"Admission",}""")]
    [InlineData("")]
    public void Json_that_is_not_strictly_right_is_refused_with_a_sentence(string json)
    {
        Assert.False(StrictJson.TryRead(Encoding.UTF8.GetBytes(json), WireJson.Default.NonceRequest, out _, out string? problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Nulls_in_lists_and_messages_without_a_type_are_refused()
    {
        Assert.False(StrictJson.TryRead("""{"shares":[null]}"""u8, WireJson.Default.SharesPage, out _, out _));
        Assert.False(StrictJson.TryRead("""{"assignments":[null]}"""u8, WireJson.Default.AssignmentPage, out _, out _));
        Assert.False(StrictJson.TryRead("""{"shares":[]}"""u8, WireJson.Default.TrusteeMessage, out _, out string? problem));
        Assert.NotEmpty(problem);
        Assert.True(StrictJson.TryRead("""{"type":"shares","shares":[]}"""u8, WireJson.Default.TrusteeMessage, out TrusteeMessage? message, out _));
        Assert.IsType<SharesMessage>(message);
    }

    private Nonce NewNonce() => Nonce.Issue(RandomNumberGenerator.GetBytes(32), "council", NoncePurpose.Admission, Now, _server);

    private ReportBinding Binding(Nonce nonce) => new()
    {
        Purpose = NoncePurpose.Admission,
        Nonce = nonce.Value,
        Audience = "council",
        Role = AgentRole.Worker,
        Keys = _agent.Keys,
        Policy = Digest.Zero,
    };

    private static T RoundTrip<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        Assert.True(StrictJson.TryRead(JsonSerializer.SerializeToUtf8Bytes(value, type), type, out T? read, out string? problem), problem);
        return read;
    }
}

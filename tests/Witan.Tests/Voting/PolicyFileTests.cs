using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>A rule that a policy file leaves out is in force with its default, and never switched off.</summary>
public sealed class PolicyFileTests
{
    private static readonly JsonObject s_whole = JsonSerializer.SerializeToNode(new CouncilPolicy(), PolicyJson.Default.CouncilPolicy)!.AsObject();

    public static TheoryData<string> Members => [.. s_whole.Select(member => member.Key).Where(name => name != "schema")];

    [Theory]
    [MemberData(nameof(Members))]
    public void A_member_that_is_missing_has_its_default(string member)
    {
        JsonObject file = s_whole.DeepClone().AsObject();
        file.Remove(member);
        Assert.True(CouncilPolicyFile.TryRead(Encoding.UTF8.GetBytes(file.ToJsonString()), out CouncilPolicy? policy, out string? problem), problem);
        Assert.Equal(new CouncilPolicy().Hash(), policy.Hash());
        Assert.Null(policy.Problem());
    }

    [Fact]
    public void What_a_file_says_counts_and_the_rest_is_default()
    {
        Assert.True(CouncilPolicyFile.TryRead("""{"schema":"witan.council-policy/1","name":"ours","instancesPerPlatform":3}"""u8, out CouncilPolicy? policy, out _));
        Assert.Equal((new CouncilPolicy { Name = "ours", InstancesPerPlatform = 3 }).Hash(), policy.Hash());
        Assert.Equal(("ours", 3, 2, 5), (policy.Name, policy.InstancesPerPlatform, policy.MinimumAnonymity, policy.WorstLevel));
    }

    [Theory]
    [InlineData("""{"name":"ours"}""")]
    [InlineData("""{"schema":"witan.council-policy/2"}""")]
    public void A_file_without_its_schema_does_not_hold_together(string file)
    {
        Assert.True(CouncilPolicyFile.TryRead(Encoding.UTF8.GetBytes(file), out CouncilPolicy? policy, out _));
        Assert.NotNull(policy.Problem());
    }

    [Theory]
    [InlineData("""{"schema":"witan.policy/1","name":"ours"}""")]
    [InlineData("""{"name":"our workers","rule":"phala","schema":"witan.policy/1"}""")]
    public void An_appraisal_policy_is_named_as_what_it_is(string file)
    {
        Assert.False(CouncilPolicyFile.TryRead(Encoding.UTF8.GetBytes(file), out _, out string? problem));
        Assert.Contains("witan.policy/1 is that of an appraisal policy", problem, StringComparison.Ordinal);
        Assert.Contains("a council's policy has witan.council-policy/1", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_the_schema_is_no_part_of_the_hash() => Assert.Equal(
        "d12e0de73e05f9d00454149a1e13cfdc2029e80e12faca5dd2b8dbe6bf0eec7d", new CouncilPolicy { Name = "phala" }.Hash().ToString());

    [Fact]
    public void The_manual_names_every_member()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "manual", "policy.md"));
        Assert.All(s_whole, member => Assert.Contains($"`{member.Key}`", page, StringComparison.Ordinal));
        Assert.Contains($"`{CouncilPolicy.SchemaName}`", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("coordinatorComposeHashes", 64)]
    [InlineData("osImageHashes", 64)]
    [InlineData("mrTd", 96)]
    public void Zeros_are_a_value_that_nobody_wrote_yet(string list, int digits)
    {
        string file = $$"""{"schema":"witan.council-policy/1","{{list}}":["{{new string('a', digits)}}","{{new string('0', digits)}}"]}""";
        Assert.True(CouncilPolicyFile.TryRead(Encoding.UTF8.GetBytes(file), out CouncilPolicy? policy, out _));
        Assert.Equal($"{list}: the zeros stand for a value that is still to be written there", policy.Problem());
    }

    [Theory]
    [InlineData("""{"schema":"witan.council-policy/1","instances":3}""")]
    [InlineData("""{"schema":"witan.council-policy/1","name":"a","name":"b"}""")]
    [InlineData("""{"schema":"witan.council-policy/1","mrTd":null}""")]
    [InlineData("""{"schema":"witan.council-policy/1","worstLevel":"5"}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void What_is_no_policy_is_refused(string file) => Assert.False(CouncilPolicyFile.TryRead(Encoding.UTF8.GetBytes(file), out _, out _));
}

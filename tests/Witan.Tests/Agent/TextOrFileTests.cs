using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Tests.Admission;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Agent;

/// <summary>What a container is given as text and not as a file: the same as the file's, and never read out.</summary>
public sealed class TextOrFileTests : IDisposable
{
    private const string Profile = """{"schema":"witan.profile/1","name":"n","values":"v","criteria":[],"redLines":[]}""";
    private const string Policy = """{"schema":"witan.council-policy/1","name":"ours","instancesPerPlatform":3}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-text-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_policy_as_text_is_the_one_of_the_file()
    {
        string file = Path.Combine(_folder, "policy.json");
        File.WriteAllText(file, Policy);
        Assert.Equal(PolicySettings.Read(file).Hash(), PolicySettings.Read($"\n  {Policy}\n").Hash());
        Assert.Equal("ours", PolicySettings.Read(Policy).Name);

        SettingException wrong = Assert.Throws<SettingException>(() => PolicySettings.Read(Policy.Replace("ours", "secret-name", StringComparison.Ordinal).Replace("instances", "instance", StringComparison.Ordinal)));
        Assert.Matches("^a text with SHA-256 [0-9a-f]{64} is no policy: ", wrong.Message);
        Assert.DoesNotContain("secret-name", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("'{\"name\":\"secret\"}'")]
    public void What_is_neither_text_nor_path_is_refused_and_not_read_out(string value)
    {
        string message = Assert.Throws<SettingException>(() => PolicySettings.Read(value)).Message;
        Assert.Contains($"a value of {value.Length} characters that is neither the text nor a path", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Collateral_as_text_judges_as_the_file_does()
    {
        await using var attesting = new Attesting();
        string collateral = await File.ReadAllTextAsync(Path.Combine(attesting.Folder, "collateral.json"), TestContext.Current.CancellationToken);
        EvidenceJudge judge = JudgeSettings.Create(collateral, Path.Combine(attesting.Folder, "root.pem"), Attesting.Policy, attesting.Clock);
        SimulatedMachine machine = attesting.Machine("coordinator", "c1");
        ReportData expected = CoordinatorEvidence.ReportData(Digest.Zero, attesting.Coordinator.Keys, machine.InstanceId);
        Assert.Equal(AppraisalOutcome.Accepted, judge.Judge(Attesting.Evidence(machine, expected), expected).Verdict.Outcome);
        Assert.Throws<SettingException>(() => JudgeSettings.Create("", null, Attesting.Policy, attesting.Clock));
    }

    [Fact]
    public void A_profile_as_text_has_its_signature_in_a_variable()
    {
        byte[] seed = [.. Enumerable.Repeat((byte)1, 32)], json = Encoding.UTF8.GetBytes(Profile);
        string signature = Convert.ToHexStringLower(SignedProfile.Sign(json, seed));
        var owner = new Digest(Ed25519.PublicKey(seed));
        Assert.True(SignedProfile.Of(json, TextOrFile.Of(Profile), signature + "\n").IsSignedBy(owner));
        Assert.False(SignedProfile.Of(json, TextOrFile.Of(Profile)).IsSignedBy(owner));
        Assert.False(SignedProfile.Of(json, TextOrFile.Of(Profile), "").IsSignedBy(owner));
        Assert.Contains("WITAN_PROFILE_SIGNATURE holds no signature", Assert.Throws<SettingException>(() => SignedProfile.Of(json, TextOrFile.Of(Profile), "abc")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Notes_as_text_are_those_of_the_file()
    {
        byte[] seed = [.. Enumerable.Repeat((byte)1, 32)];
        var owner = new Digest(Ed25519.PublicKey(seed));
        string notes = string.Join(' ', SignedNotes.Sign(seed, MemoryKind.Knowledge, DateTimeOffset.UnixEpoch, "one"), SignedNotes.Sign(seed, MemoryKind.Preference, DateTimeOffset.UnixEpoch, "two"));
        Assert.Equal(["one", "two"], WorkerOptions.ReadNotes(notes, owner).Select(note => note.Text));
        string file = Path.Combine(_folder, "notes");
        File.WriteAllText(file, notes);
        Assert.Equal(2, WorkerOptions.ReadNotes(file, owner).Count);
        Assert.DoesNotContain(notes, Assert.Throws<SettingException>(() => WorkerOptions.ReadNotes(notes, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_has_the_hash_of_a_text_and_not_the_text()
    {
        var options = new AgentOptions { Name = "w", Coordinator = new Uri("http://127.0.0.1:1"), State = _folder, Policy = Policy, Collateral = """{"tcb_info":"secret"}""" };
        string log = string.Join('\n', AgentSettings.Of(options, [], [(Deliberators.CollateralVariable, false)], _ => """{"other":"secret"}"""));
        Assert.Matches("(?m)^setting Policy = a text with SHA-256 [0-9a-f]{64} ", log);
        Assert.Matches("(?m)^setting Collateral = a text with SHA-256 [0-9a-f]{64} ", log);
        Assert.Matches("(?m)^setting WITAN_MODEL_COLLATERAL = a text with SHA-256 [0-9a-f]{64} ", log);
        Assert.DoesNotContain("secret", log, StringComparison.Ordinal);
        Assert.DoesNotContain("ours", log, StringComparison.Ordinal);
    }

    [Fact]
    public void Real_collateral_fits_into_one_variable()
    {
        // One text of an environment may have 128 KiB with its name (MAX_ARG_STRLEN of Linux).
        string[] files = Directory.GetFiles(Harness.SharedData.Path("data", "quotes", "collateral"), "*.json");
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.InRange(Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement)), 1, 64 << 10));
    }
}

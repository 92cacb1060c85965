using System.Text.Json;
using System.Text.RegularExpressions;
using Witan.Cli;
using Witan.Cli.CommandLine;
using Witan.Tests.Harness;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.ComposeCheck;

public sealed class ComposeCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-compose").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_snippet_passes_and_strict_refuses_it()
    {
        string file = Write("worker.yml", ComposeCheckerTests.Snippet);
        (int code, string output, string error) = await Run("compose", "check", file);
        Assert.Equal(ExitCode.Good, code);
        Assert.Contains($"{file}:3:12: ! warning COMPOSE_IMAGE_LATEST (L01): [worker]", output);
        Assert.Contains("0 errors, 1 warning,", output);
        Assert.Empty(error);
        Assert.Equal(ExitCode.Rejected, (await Run("compose", "check", "--strict", file)).Code);
    }

    [Theory]
    [InlineData("platform:", "2:3: ✗ error COMPOSE_PLATFORM_MISSING (L03): [worker]")]
    [InlineData("dstack.sock", "2:3: ✗ error COMPOSE_SOCKET_MISSING (L04): [worker]")]
    [InlineData("restart:", "2:3: ✗ error COMPOSE_RESTART_MISSING (L06): [worker]")]
    public async Task The_snippet_without_a_mandatory_setting_fails_at_its_place_and_is_fixed_with_its_comments(string removed, string expected)
    {
        string text = string.Join('\n', ComposeCheckerTests.Snippet.Split('\n').Where(line => !line.Contains(removed, StringComparison.Ordinal)));
        string file = Write("worker.yml", text);
        (int code, string output, _) = await Run("compose", "check", file);
        Assert.Equal(ExitCode.Rejected, code);
        Assert.Contains($"{file}:{expected}", output);
        Assert.Contains("1 error, 1 warning,", output);

        Assert.Equal(ExitCode.Good, (await Run("compose", "check", "--fix", file)).Code);
        string mended = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.All(text.Split('\n').Where(line => line.Contains('#')), line => Assert.Contains(line, mended));
        Assert.Equal(ExitCode.Good, (await Run("compose", "check", file)).Code);
    }

    [Fact]
    public async Task Fix_writes_the_file_and_the_result_passes()
    {
        string file = Write("worker.yml", "# mine\nservices:\n  worker:\n    image: a:1 # b\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(ExitCode.Rejected, (await Run("compose", "check", file)).Code);
        Assert.Equal(ExitCode.Good, (await Run("compose", "check", "--fix", file)).Code);
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith("# mine\nservices:\n  worker:\n    image: a:1 # b\n    platform: linux/amd64\n", text);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Json_has_its_schema_and_places()
    {
        string file = Write("worker.yml", "services: {worker: {image: a}}");
        (int code, string output, _) = await Run("compose", "check", "--json", file);
        Assert.Equal(ExitCode.Rejected, code);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal("witan/compose-check/1", root.GetProperty("schema").GetString());
        Assert.False(root.GetProperty("passed").GetBoolean());
        JsonElement finding = root.GetProperty("findings").EnumerateArray().First(each => each.GetProperty("code").GetString() == "COMPOSE_PLATFORM_MISSING");
        Assert.Equal((1, 12, "error", true), (finding.GetProperty("line").GetInt32(), finding.GetProperty("column").GetInt32(), finding.GetProperty("severity").GetString(), finding.GetProperty("fixable").GetBoolean()));
    }

    [Fact]
    public async Task Several_files_have_one_result_each_and_one_that_fails_fails_the_call()
    {
        string good = Write("good.yml", ComposeCheckerTests.Snippet), bad = Write("bad.yml", "services: {worker: {image: a}}");
        (int code, string output, _) = await Run("compose", "check", good, bad);
        Assert.Equal(ExitCode.Rejected, code);
        Assert.Contains($"✓ {good}: 0 errors", output);
        Assert.Contains($"✗ {bad}: 3 errors", output);
        Assert.Equal(2, output.Split('\n').Count(line => line.StartsWith("compose hash: ", StringComparison.Ordinal)));
        Assert.Equal(ExitCode.Good, (await Run("compose", "check", good, good)).Code);

        JsonElement[] results = [.. JsonDocument.Parse((await Run("compose", "check", "--json", good, bad)).Output).RootElement.EnumerateArray()];
        Assert.Equal([(good, true), (bad, false)], results.Select(each => (each.GetProperty("file").GetString()!, each.GetProperty("passed").GetBoolean())));

        // One wrong name, and nothing is corrected.
        Assert.Equal(ExitCode.Usage, (await Run("compose", "check", "--fix", bad, Path.Combine(_folder, "none.yml"))).Code);
        Assert.Equal("services: {worker: {image: a}}", await File.ReadAllTextAsync(bad, TestContext.Current.CancellationToken));
        Assert.Equal(ExitCode.Usage, (await Run("compose", "check", good, bad, "--app-compose", Path.Combine(_folder, "a.json"))).Code);
    }

    [Fact]
    public async Task All_that_a_worker_with_a_model_reads_from_its_environment_stands_in_its_file_and_only_the_key_is_a_variable()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(SharedData.Repository, "deploy", "worker.yml"), TestContext.Current.CancellationToken);
        string text = string.Join('\n', lines.Select(line => Regex.Replace(line, "^( +)# (WITAN_)", "$1$2")));
        IEnumerable<string> variables = typeof(Deliberators).GetFields().Select(field => (string)field.GetRawConstantValue()!);
        Assert.All([.. variables, Deliberators.KeyVariables[0], "WITAN_OWNER", SignedProfile.SignatureVariable, "WITAN_NOTES", "WITAN_CAST_WINDOW"], variable => Assert.Contains($"\n      {variable}: ", text, StringComparison.Ordinal));
        (int code, string output, _) = await Run("compose", "check", "--strict", Write("worker.yml", text));
        Assert.True(code == ExitCode.Good, output);
        Assert.Contains("variables to supply: WITAN_COLLATERAL_JSON, WITAN_COORDINATOR, WITAN_MODEL_API_KEY, WITAN_MODEL_COLLATERAL_JSON, WITAN_NOTES_TEXT, WITAN_PROFILE_JSON, WITAN_PROFILE_SIGNATURE\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_files_under_deploy_pass_together_with_no_warning()
    {
        string deploy = Path.Combine(SharedData.Repository, "deploy");
        (int code, string output, _) = await Run(["compose", "check", "--strict", .. Directory.GetFiles(deploy, "*.yml").Order(StringComparer.Ordinal)]);
        Assert.Equal(ExitCode.Good, code);
        Assert.Equal(3, output.Split(": 0 errors, 0 warnings").Length - 1);
    }

    [Theory]
    [InlineData("environment: {WITAN_POLICY: '{POLICY}'}", "ZEROS", "! warning COMPOSE_PLACEHOLDER (W05): [worker]")]
    [InlineData("configs: [p]\nconfigs:\n  p:\n    content: '{POLICY}'", "ZEROS", "! warning COMPOSE_PLACEHOLDER (W05): [worker]")]
    [InlineData("environment: ['WITAN_POLICY={POLICY}']", "AB", "✗ error COMPOSE_POLICY_INVALID (W05): [worker]")]
    [InlineData("environment: {WITAN_POLICY: '{\"nmae\":\"x\"}'}", "", "✗ error COMPOSE_POLICY_INVALID (W05): [worker]")]
    [InlineData("environment: {OTHER: '{\"nmae\":\"x\"}'}", "", null)]
    [InlineData("environment: {WITAN_POLICY: '{POLICY}'}", "${HASH}", null)]
    public async Task Policies_in_a_file_are_read(string lines, string hash, string? expected)
    {
        string policy = $$"""{"schema":"witan.council-policy/1","name":"ours","osImageHashes":["{{hash.Replace("ZEROS", new string('0', 64), StringComparison.Ordinal)}}"]}""";
        string file = Write("worker.yml", ComposeCheckerTests.Snippet + "    " + lines.Replace("{POLICY}", policy, StringComparison.Ordinal) + "\n");
        (_, string output, _) = await Run("compose", "check", file);
        if (expected is null)
            Assert.DoesNotContain("(W05)", output, StringComparison.Ordinal);
        else
            Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_still_to_be_written_into_a_shipped_file_is_a_note_and_a_warning_once_there_is_an_image()
    {
        string text = await File.ReadAllTextAsync(Path.Combine(SharedData.Repository, "deploy", "worker.yml"), TestContext.Current.CancellationToken);
        (int code, string output, _) = await Run("compose", "check", "--strict", "--notes", Write("worker.yml", text));
        Assert.Equal(ExitCode.Good, code);
        Assert.Equal(2, output.Split("· note COMPOSE_PLACEHOLDER (W05)").Length - 1);
        string built = text.Replace("sha256:" + new string('0', 64), "sha256:" + new string('a', 64), StringComparison.Ordinal);
        (code, output, _) = await Run("compose", "check", "--strict", Write("worker.yml", built));
        Assert.Equal(ExitCode.Good, code);
        Assert.Contains("! warning COMPOSE_PLACEHOLDER (W05): [worker] the policy in WITAN_POLICY has zeros", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_environment_file_says_which_variables_are_set()
    {
        string file = Write("worker.yml", ComposeCheckerTests.Snippet + "    environment: {A: '${A}', B: '${B}'}\n");
        string environment = Write("env", "# c\nexport A='x'\n\n");
        (int code, string output, _) = await Run("compose", "check", file, "--env-file", environment);
        Assert.Equal(ExitCode.Rejected, code);
        Assert.Contains("B is referred to and will not be set", output);
        Assert.DoesNotContain("A is referred to", output);
    }

    [Fact]
    public async Task A_strangers_text_writes_no_line_and_no_escape_of_its_own()
    {
        string file = Write("worker.yml", "services:\n  \"w\\e[2J\\nworker.yml: 0 errors\":\n    image: \"a\\u202e:1\\nworker.yml: 0 errors\"\n    environment: [\"${A}\", \"B\\e[1m\"]\n");
        (_, string output, _) = await Run("compose", "check", "--notes", file);
        Assert.DoesNotContain('\e', output);
        Assert.DoesNotContain('\u202e', output);
        Assert.DoesNotContain(output.Split('\n'), line => line.StartsWith("worker.yml: 0 errors", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no-such.yml", "cannot read")]
    [InlineData("latin.yml", "not UTF-8")]
    public async Task A_file_that_cannot_be_read_is_one_line_and_exit_code_2(string name, string message)
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, "latin.yml"), [0x61, 0xE9, 0x0A], TestContext.Current.CancellationToken);
        (int code, string output, string error) = await Run("compose", "check", Path.Combine(_folder, name));
        Assert.Equal(ExitCode.Usage, code);
        Assert.Empty(output);
        Assert.Contains(message, Assert.Single(error.TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task The_envelope_and_its_hash_are_printed_and_the_envelope_passes_as_it_is()
    {
        string file = Write("worker.yml", ComposeCheckerTests.Snippet), written = Path.Combine(_folder, "app-compose.json");
        (_, string output, _) = await Run("compose", "check", file, "--name", "council", "--app-compose", written);
        byte[] envelope = await File.ReadAllBytesAsync(written, TestContext.Current.CancellationToken);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(envelope));
        Assert.Contains($"compose hash: {hash}\n", output);
        Assert.Contains($"app-compose: {System.Text.Encoding.UTF8.GetString(envelope)}\n", output);
        Assert.StartsWith("{\"allowed_envs\":[],\"docker_compose_file\":\"services:\\n  worker:\\n", System.Text.Encoding.UTF8.GetString(envelope));

        (int code, string again, _) = await Run("compose", "check", written, "--compose-hash", hash);
        Assert.Equal(ExitCode.Good, code);
        Assert.Contains($"compose hash: {hash}\n", again);
    }

    [Fact]
    public async Task An_envelope_written_again_after_it_was_hashed_is_said_so()
    {
        string file = Write("app-compose.json", """{ "runner": "docker-compose", "docker_compose_file": "services: {a: {image: b}}" }""");
        JsonElement parsed = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).RootElement;
        string canonical = Convert.ToHexStringLower(Witan.Dstack.Compose.ComposeHash.OfObject(parsed));
        Assert.Contains("APP_COMPOSE_RESERIALISED (L17)", (await Run("compose", "check", file, "--compose-hash", canonical)).Output);
        Assert.Contains("APP_COMPOSE_HASH_DIFFERS (L17)", (await Run("compose", "check", file, "--compose-hash", new string('0', 64))).Output);
    }

    [Fact]
    public async Task A_compose_hash_that_is_asked_for_is_never_passed_over()
    {
        string file = Write("worker.yml", ComposeCheckerTests.Snippet);
        string hash = JsonDocument.Parse((await Run("compose", "check", file, "--json")).Output).RootElement.GetProperty("composeHash").GetString()!;
        Assert.Equal(ExitCode.Good, (await Run("compose", "check", file, "--compose-hash", "0x" + hash.ToUpperInvariant())).Code);
        (int code, string output, _) = await Run("compose", "check", file, "--compose-hash", new string('0', 64));
        Assert.Equal(ExitCode.Rejected, code);
        Assert.Contains("✗ error APP_COMPOSE_HASH_DIFFERS (L17)", output);
        Assert.Equal(ExitCode.Usage, (await Run("compose", "check", file, "--compose-hash", hash[..63])).Code);
    }

    [Fact]
    public async Task Fix_leaves_a_link_and_corrects_what_it_leads_to()
    {
        string file = Write("real.yml", "services:\n  worker:\n    image: a:1\n"), link = Path.Combine(_folder, "link.yml");
        File.CreateSymbolicLink(link, file);
        Assert.Equal(ExitCode.Good, (await Run("compose", "check", "--fix", link)).Code);
        Assert.Equal(file, File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName);
        Assert.Contains("restart: always", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_real_envelope_has_its_measured_hash()
    {
        string file = SharedData.Path("data", "dstack", "rtmr3-app-compose.json");
        (_, string output, _) = await Run("compose", "check", file);
        Assert.Contains("compose hash: 06768e6df639ce3be65e9e5321f8b2d82dbffb01c74323462d34c2feb9653aff\n", output);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await WitanCommand.RunAsync(args, new Terminal(output, error, colour: false, interactive: false), TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}

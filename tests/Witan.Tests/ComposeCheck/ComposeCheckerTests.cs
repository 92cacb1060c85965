using Witan.Attestation;
using Witan.Dstack.ComposeCheck;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.ComposeCheck;

public class ComposeCheckerTests
{
    /// <summary>The documents' own snippet, to the letter.</summary>
    internal const string Snippet = """
        services:
          worker:
            image: leomanza/delibera-worker:latest
            platform: linux/amd64          # SGX requires x86_64
            volumes:
              - /var/run/dstack.sock:/var/run/dstack.sock  # Attestation interface
            restart: always                 # Auto-recover from transient TEE faults

        """;

    private const string Digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly ComposeCheckOptions Plain = new();

    [Fact]
    public void The_documents_own_snippet_passes_with_the_latest_warning_alone()
    {
        ComposeReport report = ComposeChecker.Check(Snippet, Plain);
        Assert.True(report.Passed);
        ComposeFinding warning = Assert.Single(report.Findings, found => found.Finding.Severity == FindingSeverity.Warning);
        Assert.Equal(("COMPOSE_IMAGE_LATEST", "L01", 3, 12), (warning.Finding.Code, warning.Rule, warning.Line, warning.Column));
        Assert.Equal(ServiceRole.Worker, Assert.Single(report.Services).Role);
    }

    [Fact]
    public void The_snippet_in_the_document_is_the_one_tested_here()
    {
        string page = File.ReadAllText(SharedData.Path("documents", "tee.txt")).ReplaceLineEndings("\n");
        int start = page.IndexOf("services:", StringComparison.Ordinal);
        Assert.StartsWith(Snippet.TrimEnd(), page[start..]);
    }

    [Fact]
    public void Strict_makes_latest_an_error()
    {
        ComposeReport report = ComposeChecker.Check(Snippet, Plain with { Strict = true });
        Assert.False(report.Passed);
        Assert.Equal("COMPOSE_IMAGE_LATEST", Assert.Single(Errors(report)).Finding.Code);
    }

    [Theory]
    [InlineData("platform:", "COMPOSE_PLATFORM_MISSING", "L03")]
    [InlineData("dstack.sock", "COMPOSE_SOCKET_MISSING", "L04")]
    [InlineData("restart:", "COMPOSE_RESTART_MISSING", "L06")]
    public void Each_mandatory_setting_removed_is_its_own_error_and_fixing_restores_it(string line, string code, string rule)
    {
        string text = string.Join('\n', Snippet.Split('\n').Where(each => !each.Contains(line, StringComparison.Ordinal)));
        ComposeFinding error = Assert.Single(Errors(ComposeChecker.Check(text, Plain)));
        Assert.Equal((code, rule, "worker"), (error.Finding.Code, error.Rule, error.Finding.Subject));
        Assert.NotNull(error.Finding.Why);
        Assert.NotNull(error.Finding.Remedy);

        string mended = ComposeChecker.Fix(text, Plain);
        Assert.True(ComposeChecker.Check(mended, Plain).Passed, mended);
        Assert.All(text.Split('\n').Where(each => each.Length > 0 && each.Trim() != "volumes:"), kept => Assert.Contains(kept, mended));
    }

    [Theory]
    [InlineData("platform: linux/arm64 # why", "COMPOSE_PLATFORM_WRONG")]
    [InlineData("platform: linux/amd64\n    restart: unless-stopped # why", "COMPOSE_RESTART_WRONG")]
    [InlineData("platform: linux/amd64\n    volumes: [ '/var/run/dstack.sock:/tmp/agent.sock' ] # why", "COMPOSE_SOCKET_WRONG")]
    public void A_wrong_value_is_an_error_at_its_place_and_is_replaced(string lines, string code)
    {
        string text = $"services:\n  worker:\n    image: a{Digest}\n    {lines}\n";
        ComposeFinding error = Assert.Single(Errors(ComposeChecker.Check(text, Plain)), found => found.Finding.Code == code);
        Assert.Equal(text.Split('\n').ToList().FindIndex(line => line.Contains("# why", StringComparison.Ordinal)) + 1, error.Line);
        string mended = ComposeChecker.Fix(text, Plain);
        Assert.True(ComposeChecker.Check(mended, Plain).Passed, mended);
        Assert.Contains("# why", mended);
    }

    [Theory]
    [InlineData("restart: ~ # why")]
    [InlineData("restart: null # why")]
    [InlineData("restart: # why")]
    [InlineData("volumes: ~ # why")]
    [InlineData("platform: Null # why")]
    public void A_null_is_replaced_and_no_second_key_is_written(string line)
    {
        string[] kept = [.. Snippet.Split('\n').Where(each => !each.Contains(line.Split(' ')[0], StringComparison.Ordinal) && (!line.StartsWith("volumes", StringComparison.Ordinal) || !each.Contains("dstack.sock", StringComparison.Ordinal)))];
        string mended = ComposeChecker.Fix(string.Join('\n', kept).TrimEnd() + $"\n    {line}\n", Plain);
        Assert.True(ComposeChecker.Check(mended, Plain).Passed, mended);
        Assert.Contains("# why", mended, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_that_brings_an_error_of_its_own_is_not_made()
    {
        // The null is an alias: in its place nothing can be written, and beside it only a second key.
        string text = "x-n: &n ~\n" + Snippet.Replace("restart: always", "restart: *n", StringComparison.Ordinal);
        Assert.Equal(text, ComposeChecker.Fix(text, Plain));
    }

    [Theory]
    [InlineData("coordinator", "x/y", ServiceRole.Coordinator)]
    [InlineData("app", "ghcr.io/me/witan-trustee:1", ServiceRole.Trustee)]
    [InlineData("my_worker_2", "x/y", ServiceRole.Worker)]
    [InlineData("networker", "x/coworker", ServiceRole.Other)]
    public void A_role_is_a_word_of_the_service_or_image(string service, string image, ServiceRole role) =>
        Assert.Equal(role, ComposeChecker.Check($"services: {{{service}: {{image: '{image}'}}}}", Plain).Services[0].Role);

    [Fact]
    public void A_label_says_that_a_worker_is_of_another_kind()
    {
        string text = $"services:\n  worker:\n    image: celery{Digest}\n    restart: always\n    labels:\n      witan.role: none\n";
        ComposeReport report = ComposeChecker.Check(text, Plain);
        Assert.False(report.Services[0].NeedsDstack);
        Assert.Empty(Errors(report));
    }

    [Fact]
    public void A_service_that_mounts_the_socket_needs_all_three_whatever_its_name()
    {
        string text = $"services:\n  web:\n    image: a{Digest}\n    volumes: [/var/run/dstack.sock:/var/run/dstack.sock]\n";
        Assert.Equal(
            ["COMPOSE_PLATFORM_MISSING", "COMPOSE_RESTART_MISSING"],
            Errors(ComposeChecker.Check(text, Plain)).Select(found => found.Finding.Code).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Settings_that_come_from_an_anchor_and_a_merge_count()
    {
        string text = $"""
            x-cvm: &cvm
              platform: linux/amd64
              restart: always
              volumes:
                - type: bind
                  source: /var/run/dstack.sock
                  target: /var/run/dstack.sock
            services:
              worker:
                <<: *cvm
                image: a{Digest}
            """;
        Assert.Empty(Errors(ComposeChecker.Check(text, Plain)));
    }

    [Fact]
    public void Settings_that_come_from_extends_count()
    {
        string text = $$"""
            services:
              base:
                image: a{{Digest}}
                platform: linux/amd64
                restart: always
                volumes: [/var/run/dstack.sock:/var/run/dstack.sock]
              worker:
                extends: {service: base}
            """;
        ComposeReport report = ComposeChecker.Check(text, Plain);
        Assert.Empty(Errors(report));
        Assert.Equal("a" + Digest, report.Services[1].Image);
    }

    [Fact]
    public void A_second_document_is_laid_over_the_first()
    {
        string text = Snippet + "---\nservices:\n  worker:\n    platform: linux/arm64\n    restart: !reset null\n";
        Assert.Equal(
            ["COMPOSE_PLATFORM_WRONG", "COMPOSE_RESTART_MISSING"],
            Errors(ComposeChecker.Check(text, Plain)).Select(found => found.Finding.Code).Order(StringComparer.Ordinal));
    }

    // Documents and bases as compose merges them: variables and labels by name in either form, mounts by their place, the last wins.
    [Theory]
    [InlineData("environment: {LOCAL_MODE: 'true'}", "environment: [A=1]", "COMPOSE_LOCAL_MODE")]
    [InlineData("environment: [LOCAL_MODE=true]", "environment: {A: 1}", "COMPOSE_LOCAL_MODE")]
    [InlineData("environment: [LOCAL_MODE=false]", "environment: {LOCAL_MODE: }", "COMPOSE_LOCAL_MODE")]
    [InlineData("environment: {LOCAL_MODE: 'true'}", "environment: [LOCAL_MODE=false]", null)]
    [InlineData("environment: [LOCAL_MODE=true]", "environment: [LOCAL_MODE=false]", null)]
    [InlineData("environment: [LOCAL_MODE=true]", "environment: {LOCAL_MODE: !reset null}", null)]
    [InlineData("volumes: ['state:/data']", "volumes: ['state:/var/run/dstack.sock']", "COMPOSE_SOCKET_WRONG")]
    [InlineData("volumes: ['state:/data']", "volumes: ['/dev/null:/var/run/dstack.sock']", "COMPOSE_SOCKET_WRONG")]
    [InlineData("volumes: ['state:/data']", "volumes: ['/dev/null:/run/dstack.sock']", "COMPOSE_SOCKET_WRONG")]
    [InlineData("labels: [witan.role=none]", "labels: {witan.role: worker}", null)]
    [InlineData("command: ['--token', gh" + "p_abcdefghijklmnopqrstuvwxyz0123456789]", "command: [x]", "COMPOSE_SECRET_LITERAL")]
    public void What_is_laid_over_a_service_is_merged_as_compose_does(string below, string above, string? code)
    {
        string settings = $"image: a{Digest}\n    platform: linux/amd64\n    restart: always\n    {below}\n";
        if (!below.StartsWith("volumes", StringComparison.Ordinal))
            settings += "    volumes: ['/var/run/dstack.sock:/var/run/dstack.sock']\n";
        string[] texts = [$"services:\n  worker:\n    {settings}volumes: {{state: }}\n---\nservices:\n  worker:\n    {above}\n", $"services:\n  base:\n    {settings}  worker:\n    extends: base\n    {above}\nvolumes: {{state: }}\n"];
        foreach (string text in texts.Select(text => text.Replace("'state:/data'", "'/var/run/dstack.sock:/var/run/dstack.sock', 'state:/data'", StringComparison.Ordinal)))
        {
            ComposeReport report = ComposeChecker.Check(text, Plain);
            Assert.Equal(ServiceRole.Worker, report.Services[^1].Role);
            string[] errors = [.. Errors(report).Where(found => found.Finding.Subject is null or "worker").Select(found => found.Finding.Code)];
            Assert.Equal(code is null ? [] : [code], errors);
        }
    }

    [Theory]
    [InlineData("coordinator", ServiceRole.Coordinator)]
    [InlineData("worker", ServiceRole.Worker)]
    [InlineData("trustee", ServiceRole.Trustee)]
    public void The_compose_files_that_are_shipped_pass_with_no_warning(string name, ServiceRole role)
    {
        ComposeReport report = ComposeChecker.Check(
            File.ReadAllText(Path.Combine(SharedData.Repository, "deploy", name + ".yml")), Plain with { Strict = true });
        Assert.DoesNotContain(report.Findings, found => found.Finding.Severity >= FindingSeverity.Warning);
        Assert.Equal(role, Assert.Single(report.Services).Role);
    }

    internal static IEnumerable<ComposeFinding> Errors(ComposeReport report) =>
        report.Findings.Where(found => found.Finding.Severity == FindingSeverity.Error);
}

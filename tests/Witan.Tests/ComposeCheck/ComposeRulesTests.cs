using Witan.Attestation;
using Witan.Dstack.ComposeCheck;
using Xunit;

namespace Witan.Tests.ComposeCheck;

/// <summary>One line a rule: the fragment that breaks it, and the fragment beside it that does not.</summary>
public class ComposeRulesTests
{
    private const string Pin = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private const string Socket = "volumes: ['/var/run/dstack.sock:/var/run/dstack.sock']\n    ";

    [Theory]
    [InlineData("L01", "COMPOSE_IMAGE_LATEST", FindingSeverity.Warning, "image: a:latest")]
    [InlineData("L01", "COMPOSE_IMAGE_LATEST", FindingSeverity.Warning, "image: host:5000/a")]
    [InlineData("L01", "COMPOSE_IMAGE_UNPINNED", FindingSeverity.Warning, "image: a:1.2")]
    [InlineData("L01", "COMPOSE_IMAGE_VARIABLE", FindingSeverity.Warning, "image: '${IMAGE:-a}'")]
    [InlineData("L01", "COMPOSE_IMAGE_DIGEST_MALFORMED", FindingSeverity.Error, "image: a@sha256:12")]
    [InlineData("L01", "COMPOSE_IMAGE_MISSING", FindingSeverity.Error, "command: x")]
    [InlineData("L02", "COMPOSE_BUILD", FindingSeverity.Error, "build: .")]
    [InlineData("L03", "COMPOSE_IMAGE_FOREIGN", FindingSeverity.Error, "image: arm64v8/nginx:1")]
    [InlineData("L04", "COMPOSE_LOCK_MOUNT", FindingSeverity.Error, "volumes: ['/var/run/dstack.sock.lock:/x']")]
    [InlineData("L04", "COMPOSE_SOCKET_DIRECTORY", FindingSeverity.Error, "volumes: ['/var/run:/var/run']")]
    [InlineData("L04", "COMPOSE_SOCKET_LEGACY", FindingSeverity.Warning, "volumes: ['/var/run/tappd.sock:/var/run/tappd.sock']")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {NEAR_AI_API_KEY: abcdef123}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: ['DB=postgres://u:hunter22@db/x']")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: ['NEAR_SEED_PHRASE=one two three']")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {DB_PASS: hunter22}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {DB: 'postgres://u:hunter22@${HOST}/x'}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {API_KEY: '${API_KEY:-abcdefgh12}'}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {OTHER: '${A:-${B:-sk-abcdefghijklmnopqrst}}'}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {APP_PASSWORD: '$$ecret99'}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {SECRET_KEY_BASE: 8f7a6b5c4d3e}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "command: ['--token', gh" + "p_abcdefghijklmnopqrstuvwxyz0123456789]")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "command: server --token gh" + "p_abcdefghijklmnopqrstuvwxyz0123456789")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {OPTS: '--key=sk-abcdefghijklmnopqrst'}")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "command: ['sh', '-c', 'run --db postgres://u:hunter22@db/x']")]
    [InlineData("L05", "COMPOSE_SECRET_LITERAL", FindingSeverity.Error, "environment: {DB_PASSWORD: 8473625190}")]
    [InlineData("L07", "COMPOSE_FILE_NOT_SHIPPED", FindingSeverity.Error, "image: a\nx-c: &c {file: ./c}\nconfigs: {c: {<<: *c}}")]
    [InlineData("L05", "COMPOSE_QUOTED_VARIABLE", FindingSeverity.Warning, "environment: ['A=\"${A:-1}\"']")]
    [InlineData("L06", "COMPOSE_RESTART_MISSING", FindingSeverity.Warning, "image: a")]
    [InlineData("L07", "COMPOSE_FILE_NOT_SHIPPED", FindingSeverity.Error, "env_file: .env")]
    [InlineData("L07", "COMPOSE_FILE_NOT_SHIPPED", FindingSeverity.Error, "volumes: ['./data:/data']")]
    [InlineData("L07", "COMPOSE_FILE_NOT_SHIPPED", FindingSeverity.Error, "extends: {file: base.yml, service: a}")]
    [InlineData("L07", "COMPOSE_VOLUME_UNDECLARED", FindingSeverity.Error, "volumes: ['data:/data']")]
    [InlineData("L07", "COMPOSE_VOLUME_ANONYMOUS", FindingSeverity.Warning, "volumes: ['/data']")]
    [InlineData("L07", "COMPOSE_STATE_NOT_KEPT", FindingSeverity.Warning, "image: postgres:16")]
    [InlineData("L08", "COMPOSE_PORT_UDP", FindingSeverity.Note, "ports: ['53:53/udp']")]
    [InlineData("L08", "COMPOSE_PORT_RAW", FindingSeverity.Note, "ports: [{target: 5432, published: 5432}]")]
    [InlineData("L08", "COMPOSE_PORT_8090", FindingSeverity.Note, "ports: ['8090:80']")]
    [InlineData("L10", "COMPOSE_DOCKER_SOCKET", FindingSeverity.Warning, "volumes: ['/var/run/docker.sock:/var/run/docker.sock']")]
    [InlineData("L10", "COMPOSE_PRIVILEGED", FindingSeverity.Warning, "privileged: true")]
    [InlineData("L10", "COMPOSE_PRIVILEGED", FindingSeverity.Warning, "privileged: 'Yes'")]
    [InlineData("L10", "COMPOSE_HOST_MOUNT", FindingSeverity.Warning, "volumes: ['/:/host']")]
    [InlineData("L10", "COMPOSE_HOST_NAMESPACE", FindingSeverity.Warning, "pid: host")]
    [InlineData("L10", "COMPOSE_CAPABILITY", FindingSeverity.Warning, "cap_add: [SYS_ADMIN]")]
    [InlineData("L12", "COMPOSE_LOG_UNLIMITED", FindingSeverity.Note, "image: a")]
    [InlineData("L13", "COMPOSE_DUPLICATE_KEY", FindingSeverity.Error, "image: a\n    image: b")]
    [InlineData("L15", "COMPOSE_ENVIRONMENT_UNAUTHENTICATED", FindingSeverity.Note, "environment: {A: '${A}'}")]
    [InlineData("W01", "COMPOSE_LOCAL_MODE", FindingSeverity.Error, "environment: {LOCAL_MODE: true}")]
    [InlineData("W01", "COMPOSE_LOCAL_MODE", FindingSeverity.Error, "environment: {LOCAL_MODE: True}")]
    [InlineData("W01", "COMPOSE_LOCAL_MODE", FindingSeverity.Error, "environment: {LOCAL_MODE: TRUE}")]
    [InlineData("W01", "COMPOSE_LOCAL_MODE", FindingSeverity.Error, "environment: ['LOCAL_MODE=${LOCAL_MODE:-false}']")]
    [InlineData("W01", "COMPOSE_LOCAL_MODE", FindingSeverity.Error, "environment: [LOCAL_MODE]")]
    [InlineData("W01", "COMPOSE_LOCAL_MODE", FindingSeverity.Error, "environment: [WITAN_PRODUCTION_IMAGE]")]
    [InlineData("W02", "COMPOSE_DEVELOPMENT_ROOT", FindingSeverity.Error, "environment: {WITAN_DEVELOPMENT_ROOT: /root.pem}")]
    [InlineData("W05", "COMPOSE_PLACEHOLDER", FindingSeverity.Note, "image: a@sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("L06", "COMPOSE_RESTART_WRONG", FindingSeverity.Error, Socket + "restart: always\n    deploy: {restart_policy: {condition: none}}")]
    [InlineData("L06", "COMPOSE_RESTART_WRONG", FindingSeverity.Error, Socket + "restart: always\n    deploy: {restart_policy: {delay: 5s}}")]
    [InlineData("W07", "COMPOSE_NOT_STARTED", FindingSeverity.Error, Socket + "profiles: [never]")]
    [InlineData("W07", "COMPOSE_NOT_STARTED", FindingSeverity.Error, Socket + "scale: 0")]
    [InlineData("W07", "COMPOSE_NOT_STARTED", FindingSeverity.Error, Socket + "deploy: {replicas: 0}")]
    [InlineData("W08", "COMPOSE_SHAPE", FindingSeverity.Error, "environment: [{LOCAL_MODE: 'true'}]")]
    [InlineData("W08", "COMPOSE_SHAPE", FindingSeverity.Error, "environment: {A: [b]}")]
    [InlineData("W08", "COMPOSE_SHAPE", FindingSeverity.Error, "environment: A=b")]
    [InlineData("W06", "COMPOSE_CONFIG_READ_ONLY", FindingSeverity.Error, "read_only: true\n    configs: [c]\nconfigs: {c: {content: x}}")]
    [InlineData("W06", "COMPOSE_CONFIG_READ_ONLY", FindingSeverity.Error, "read_only: 'yes'\n    configs: [{source: c, target: /c}]\nx-c: &c {environment: X}\nconfigs: {c: {<<: *c}}")]
    [InlineData("W06", "COMPOSE_CONFIG_READ_ONLY", FindingSeverity.Error, "read_only: true\n    secrets: [s]\nsecrets: {s: {environment: X}}")]
    [InlineData("W02", "COMPOSE_SIMULATOR", FindingSeverity.Error, "environment: ['DSTACK_SIMULATOR_ENDPOINT=http://x']")]
    public void A_fragment_breaks_its_rule(string rule, string code, FindingSeverity severity, string fragment)
    {
        ComposeReport report = ComposeChecker.Check($"services:\n  web:\n    {fragment}\n", new ComposeCheckOptions());
        ComposeFinding found = Assert.Single(report.Findings, found => found.Finding.Code == code);
        Assert.Equal((rule, severity), (found.Rule, found.Finding.Severity));
    }

    [Theory]
    [InlineData("environment: {API_KEY: '${API_KEY}'}")]
    [InlineData("environment: {API_KEY_FILE: /run/secrets/key}")]
    [InlineData("environment: {AUTH_TOKEN: 'Bearer ${TOKEN}', API_KEY: '${API_KEY:-}', TOKEN: '${TOKEN:-none}', SECRET: '${SECRET:?set it please}'}")]
    [InlineData("environment: {DB: 'postgres://u:${PW}@${HOST:-db}/x'}")]
    [InlineData("environment: {MAX_TOKENS: 4096, TOKEN_TTL: 3600, USE_TOKEN: 'true'}")]
    [InlineData("environment: {URL: 'https://example.org/path:with@signs'}")]
    [InlineData("environment: {LOCAL_MODE: false}")]
    [InlineData("environment: {LOCAL_MODE: 'True', ADMIN_TOKEN: FALSE}")]
    [InlineData("environment: {LOCAL_MODE: !!str True}")]
    [InlineData("environment: ['PRICE=$$5']")]
    [InlineData("environment: {MAX_TOKEN: 4096, PAD_TOKEN: '<|endoftext|>', SHOW_PASSWORD: '1234', REWARD_TOKEN: '0x00000000000000000000000000000000000000AB'}")]
    [InlineData("environment: {X_API_KEY: '${X_API_KEY:-your-api-key-here}', DB_PASSWORD: changeme}")]
    [InlineData("volumes: ['data:/data']\nx-v: &v {data: }\nvolumes: {<<: *v}")]
    [InlineData("volumes: [{type: image, source: models, target: /models}]")]
    [InlineData("configs: [c]\nconfigs: {c: {content: x}}")]
    [InlineData(Socket + "platform: linux/amd64\n    deploy: {replicas: 1, restart_policy: {condition: any}}")]
    [InlineData("profiles: [debug]\n    scale: 0")]
    [InlineData("read_only: true\nconfigs: {c: {content: x}}")]
    [InlineData("read_only: false\n    configs: [c]\nconfigs: {c: {content: x}}")]
    public void A_fragment_breaks_no_rule(string fragment)
    {
        string text = $"services:\n  web:\n    image: a{Pin}\n    restart: always\n    {fragment}\n";
        Assert.DoesNotContain(ComposeChecker.Check(text, new ComposeCheckOptions()).Findings, found => found.Finding.Severity >= FindingSeverity.Warning);
    }

    [Fact]
    public void A_private_key_in_a_config_is_found_once_at_its_place()
    {
        const string text = "services: {web: {image: a}}\nconfigs:\n  k:\n    content: |\n      -----BEGIN PRIVATE KEY-----\n      abc\n";
        ComposeFinding found = Assert.Single(ComposeChecker.Check(text, new ComposeCheckOptions()).Findings, found => found.Finding.Code == "COMPOSE_SECRET_LITERAL");
        Assert.Equal((4, FindingSeverity.Error), (found.Line, found.Finding.Severity));
    }

    [Fact]
    public void A_secret_is_never_repeated_in_a_finding()
    {
        const string secret = "zeh4ooQuaeShaifa";
        ComposeReport report = ComposeChecker.Check($"services: {{web: {{image: a, environment: [ 'API_TOKEN={secret}' ]}}}}", new ComposeCheckOptions());
        Assert.Contains(report.Findings, found => found.Finding.Code == "COMPOSE_SECRET_LITERAL");
        Assert.DoesNotContain(report.Findings, found => found.ToString().Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public void A_variable_that_nobody_will_set_is_an_error_unless_it_has_a_default()
    {
        const string text = "services: {web: {image: a, command: '${A} ${B:-1} $C', environment: [D]}}\nconfigs: {c: {environment: E}}";
        var none = new ComposeCheckOptions { EnvironmentNames = new HashSet<string>(StringComparer.Ordinal) { "C" } };
        ComposeReport report = ComposeChecker.Check(text, none);
        Assert.Equal(["A", "C", "D", "E"], report.Variables);
        Assert.Equal(
            ["A is referred to and will not be set", "D is referred to and will not be set", "E is referred to and will not be set"],
            report.Findings.Where(found => found.Finding.Code == "COMPOSE_VARIABLE_UNSET").Select(found => found.Finding.Message).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "DSTACK_APP_ID", false, false)]
    [InlineData(null, "OTHER", true, true)]
    [InlineData("", "DSTACK_APP_ID", true, true)]
    [InlineData("export DSTACK_APP_ID=1", "DSTACK_APP_ID", false, false)]
    [InlineData("echo OTHER=1 >> .env", "OTHER", false, true)]
    [InlineData("echo OTHERS=1 >> .env", "OTHER", true, true)]
    public void What_the_start_script_may_set_is_not_missed(string? script, string name, bool unset, bool needed)
    {
        var options = new ComposeCheckOptions { PreLaunchScript = script, EnvironmentNames = new HashSet<string>(StringComparer.Ordinal) };
        ComposeReport report = ComposeChecker.Check($"services: {{web: {{image: a, command: '${{{name}}}'}}}}", options);
        Assert.Equal(unset, report.Findings.Any(found => found.Finding.Code == "COMPOSE_VARIABLE_UNSET"));
        Assert.Equal(needed, report.Variables.Contains(name));
    }

    [Theory]
    [InlineData("coordinator: {image: a}", null, FindingSeverity.Error)]
    [InlineData("coordinator: {image: a}", true, FindingSeverity.Error)]
    [InlineData("coordinator: {image: a}, proxy: {image: b, ports: ['443:443']}", null, FindingSeverity.Warning)]
    [InlineData("coordinator: {image: a}", false, null)]
    [InlineData("coordinator: {image: a, ports: ['3000:3000']}", null, null)]
    [InlineData("coordinator: {image: a, network_mode: host}", null, null)]
    [InlineData("worker: {image: a}", null, null)]
    public void A_coordinator_is_reached_through_a_port(string services, bool? gateway, FindingSeverity? severity)
    {
        ComposeReport report = ComposeChecker.Check($"services: {{{services}}}", new ComposeCheckOptions { Gateway = gateway });
        Assert.Equal(severity, report.Findings.SingleOrDefault(found => found.Finding.Code == "COMPOSE_NO_PORTS")?.Finding.Severity);
    }

    [Theory]
    [InlineData("""{"runner":"docker-compose","docker_compose_file":"services: {a: {image: b}}"}""", null)]
    [InlineData("""{"runner":"nerdctl-compose","docker_compose_file":"services: {a: {image: b}}"}""", null)]
    [InlineData("""{"runner":"bash","bash_script":"x","docker_compose_file":"services: {a: {image: b}}"}""", "APP_COMPOSE_RUNNER")]
    [InlineData("""{"docker_compose_file":"services: {a: {image: b}}"}""", "APP_COMPOSE_RUNNER")]
    [InlineData("""{"runner":"docker-compose","docker_compose_file":"services: {}","docker_compose_file":"services: {a: {image: b}}"}""", "APP_COMPOSE_NOT_READ")]
    [InlineData("""{"runner":"docker-compose","docker_compose_file":"services: {a: {image: b, command: '${A}'}}"}""", "COMPOSE_VARIABLE_UNSET")]
    [InlineData("""{"runner":"docker-compose","allowed_envs":["A"],"docker_compose_file":"services: {a: {image: b, command: '${A}'}}"}""", null)]
    public void An_envelope_is_read_as_a_guest_reads_it(string json, string? code)
    {
        ComposeReport report = AppComposeChecker.Check(System.Text.Encoding.UTF8.GetBytes(json), new ComposeCheckOptions());
        Assert.Equal(code is null ? [] : [code], ComposeCheckerTests.Errors(report).Select(found => found.Finding.Code));
        Assert.All(report.Findings, found => Assert.Null(found.Fix));
    }

    [Theory]
    [InlineData("L06", "COMPOSE_RESTART_BEFORE_SCRIPT")]
    [InlineData("L08", "COMPOSE_NO_PORTS")]
    [InlineData("L09", "COMPOSE_PUBLIC_LOGS")]
    [InlineData("L14", "COMPOSE_DEVELOPMENT_IMAGE")]
    public void Settings_of_the_deployment_break_rules_of_their_own(string rule, string code)
    {
        var options = new ComposeCheckOptions
        {
            PreLaunchScript = "test -e /x",
            Gateway = true,
            PublicLogs = true,
            OsImage = "dstack-dev-0.5.4",
        };
        ComposeReport report = ComposeChecker.Check(ComposeCheckerTests.Snippet, options);
        Assert.Equal(rule, Assert.Single(report.Findings, found => found.Finding.Code == code).Rule);
        Assert.DoesNotContain(ComposeChecker.Check(ComposeCheckerTests.Snippet, new ComposeCheckOptions()).Findings, found => found.Finding.Code == code);
    }

    [Theory]
    [InlineData(200 * 1024, false)]
    [InlineData((200 * 1024) + 1, true)]
    public void The_size_limit_counts_bytes(int bytes, bool broken)
    {
        string text = ComposeCheckerTests.Snippet + "#é";
        text += new string('x', bytes - text.Length - 1);
        Assert.Equal(broken, ComposeChecker.Check(text, new ComposeCheckOptions()).Findings.Any(found => found.Rule == "L11"));
    }

    [Theory]
    [InlineData("""{"manifest_version":2,"event_log_version":2,"docker_compose_file":"services: {}"}""", true)]
    [InlineData("""{"manifest_version":2,"requirements":{},"docker_compose_file":"services: {}"}""", true)]
    [InlineData("""{"manifest_version":"3","requirements":{},"docker_compose_file":"services: {}"}""", false)]
    [InlineData("""{"manifest_version":2,"docker_compose_file":"services: {}"}""", false)]
    public void An_envelope_with_new_settings_needs_the_new_version(string json, bool broken)
    {
        ComposeReport report = AppComposeChecker.Check(System.Text.Encoding.UTF8.GetBytes(json), new ComposeCheckOptions());
        Assert.Equal(broken, report.Findings.Any(found => found.Rule == "L16"));
    }
}

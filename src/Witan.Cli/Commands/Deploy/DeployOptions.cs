using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Compose;
using Witan.Dstack.Cloud;

namespace Witan.Cli.Commands.Deploy;

/// <summary>The options of a deployment, apart from those of the watch.</summary>
internal sealed class DeployOptions
{
    private readonly Option<string> _name = new("--name", "-n") { Description = "name of the deployment; the same name updates it", Required = true };
    private readonly Option<string?> _environment = new("--env-file") { Description = "NAME=value lines to encrypt and pass" };
    private readonly Option<bool> _updateEnvironment = new("--update-env") { Description = "send the values again although nothing else changed" };
    private readonly Option<string?> _kmsKey = new("--kms-key") { Description = "the key service that may sign the environment key (else WITAN_KMS_KEY)" };
    private readonly Option<string> _instanceType = new("--instance-type") { Description = "size of the machine (tdx.small)", DefaultValueFactory = _ => "tdx.small" };
    private readonly Option<int?> _disk = new("--disk") { Description = "size of the disk in GB" };
    private readonly Option<string?> _region = new("--region") { Description = "where to run" };
    private readonly Option<string?> _osImage = new("--os-image") { Description = "guest image by name" };
    private readonly Option<string?> _script = new("--pre-launch-script") { Description = "file with a script that runs before the containers" };
    private readonly Option<bool> _publicLogs = new("--public-logs") { Description = "let anybody read container logs" };

    public Argument<string> File { get; } = new("FILE") { Description = "a docker-compose file" };

    public Option<bool> Strict { get; } = new("--strict") { Description = "an image by :latest or without a tag is an error" };

    public Option<bool> Plan { get; } = new("--plan") { Description = "say what would be done, and change nothing" };

    public Option<bool> NoWatch { get; } = new("--no-watch") { Description = "do not wait for the endpoint" };

    public Option<bool> Json { get; } = new("--json") { Description = "print the result as JSON: of the watch, or of the deployment where nothing is watched" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(File);
        foreach (Option option in new Option[]
        {
            _name, _environment, _updateEnvironment, _kmsKey, _instanceType, _disk, _region, _osImage, _script, _publicLogs, Strict, Plan, NoWatch, Json,
        })
        {
            command.Options.Add(option);
        }
    }

    public DeploymentRequest Read(ParseResult parsed, ComposeInput input) => new()
    {
        Name = parsed.GetValue(_name)!,
        DockerComposeFile = input.Text,
        Environment = ComposeInput.ReadEnvironment(parsed.GetValue(_environment)) ?? new Dictionary<string, string>(StringComparer.Ordinal),
        UpdateEnvironment = parsed.GetValue(_updateEnvironment),
        TrustedKmsKey = KmsKey(parsed.GetValue(_kmsKey) ?? Environment.GetEnvironmentVariable("WITAN_KMS_KEY")),
        InstanceType = parsed.GetValue(_instanceType)!,
        DiskSize = parsed.GetValue(_disk),
        Region = parsed.GetValue(_region),
        OsImage = parsed.GetValue(_osImage),
        PreLaunchScript = parsed.GetValue(_script) is { } script ? ComposeInput.Read(script).Text : null,
        PublicLogs = parsed.GetValue(_publicLogs),
    };

    /// <summary>The file that the variables come from; null where there are none.</summary>
    public string? EnvironmentFile(ParseResult parsed) => parsed.GetValue(_environment);

    /// <summary>The options given that an update cannot carry out, with commas; empty where there are none.</summary>
    public string Ignored(ParseResult parsed, CvmInfo existing)
    {
        Option[] given = [.. new Option[] { _instanceType, _disk, _region, _osImage }.Where(option => parsed.GetResult(option) is { Implicit: false })];
        bool same = string.Equals(existing.InstanceType, parsed.GetValue(_instanceType), StringComparison.Ordinal);
        return string.Join(", ", given.Where(option => option != _instanceType || !same).Select(option => option.Name));
    }

    private static string? KmsKey(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        string bare = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return bare.Length == 66 && bare.All(char.IsAsciiHexDigit)
            ? bare
            : throw new CommandException("--kms-key must be a compressed secp256k1 key: 66 hexadecimal digits, 0x before them or not");
    }
}

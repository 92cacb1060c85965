using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Dstack.Cloud;

/// <summary>How far a deployment has come. Holds ids and hashes only: never a key, a value or an address with a token.</summary>
public sealed record DeploymentState
{
    /// <summary>Version of this file.</summary>
    public string Schema { get; init; } = "witan/deployment/1";

    /// <summary>Name of the deployment.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of what was asked for.</summary>
    public required string Request { get; init; }

    /// <summary>App id.</summary>
    public required string AppId { get; init; }

    /// <summary>The compose hash that the platform will measure.</summary>
    public required string ComposeHash { get; init; }

    /// <summary>The key service.</summary>
    public string? KmsId { get; init; }

    /// <summary>Key for the environment, public.</summary>
    public string? EnvironmentPublicKey { get; init; }

    /// <summary>The CVM; null until it is started.</summary>
    public string? CvmId { get; init; }

    /// <summary>When this step was reached.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>Keeps <see cref="DeploymentState"/> in a folder, one small file a deployment, readable by its owner only.</summary>
public sealed class DeploymentStateStore(string folder)
{
    /// <summary>The state of a deployment, or null where none is known. A file that cannot be understood counts as none.</summary>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public DeploymentState? Load(string name)
    {
        string path = PathOf(name);
        if (!File.Exists(path))
            return null;
        try
        {
            DeploymentState? state = JsonSerializer.Deserialize(File.ReadAllBytes(path), DeploymentJson.Default.DeploymentState);
            return state is { Schema: "witan/deployment/1" } && state.Name == name ? state : null;
        }
        catch (JsonException)
        {
            // The platform knows what runs; the file only saves a step.
            return null;
        }
    }

    /// <summary>Writes the state, whole or not at all.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Save(DeploymentState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = PathOf(state.Name), written = path + ".new";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(written, options))
        {
            JsonSerializer.Serialize(stream, state, DeploymentJson.Default.DeploymentState);
            stream.Flush(flushToDisk: true);
        }

        File.Move(written, path, overwrite: true);
    }

    /// <summary>Forgets a deployment.</summary>
    public void Forget(string name) => File.Delete(PathOf(name));

    private string PathOf(string name) => CvmName.IsValid(name)
        ? Path.Combine(folder, name + ".json")
        : throw new ArgumentException($"\"{name}\" is no name of a deployment", nameof(name));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeploymentState))]
internal sealed partial class DeploymentJson : JsonSerializerContext;

using System.Diagnostics;
using System.Text.Json;

namespace Witan.Faults.Containers;

/// <summary>An image that <c>eng/images.sh</c> built, unpacked: its files, and what its configuration says of how to run it.</summary>
/// <param name="Digest">Digest of its manifest, as it stands in a compose file.</param>
/// <param name="Root">The folder that it was unpacked to.</param>
/// <param name="Entrypoint">The program and its arguments.</param>
/// <param name="Environment">NAME=value, as the image has them.</param>
/// <param name="User">Number of user and group.</param>
/// <param name="WorkingDirectory">Where the program starts.</param>
public sealed record ContainerImage(
    string Digest, string Root, IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Environment, string User, string WorkingDirectory)
{
    /// <summary>Why no image can be run here; null where one can.</summary>
    public static string? Missing(string repository)
    {
        if (!System.Environment.IsPrivilegedProcess)
            return "needs root, to mount what a container engine mounts";
        foreach (string program in (string[])["unshare", "setpriv", "mount", "jq"])
        {
            if (!File.Exists($"/usr/bin/{program}"))
                return $"needs {program}: apt-get install util-linux mount jq";
        }

        if (!File.Exists(Path.Combine(Built(repository), "trustee.digest")))
            return "needs the built images: eng/images.sh";
        using Process probe = Process.Start(new ProcessStartInfo("/usr/bin/unshare", ["--mount", "/bin/true"]) { RedirectStandardError = true, UseShellExecute = false })!;
        probe.WaitForExit();
        return probe.ExitCode == 0 ? null : "needs mount namespaces, which are not allowed here";
    }

    /// <summary>Unpacks a built image into a folder.</summary>
    public static async Task<ContainerImage> UnpackAsync(string repository, string name, string folder, CancellationToken cancellationToken)
    {
        using Process unpack = Process.Start(new ProcessStartInfo("/bin/bash", ["eng/images.sh", "--unpack", name, folder]) { WorkingDirectory = repository })!;
        await unpack.WaitForExitAsync(cancellationToken);
        if (unpack.ExitCode != 0)
            throw new IOException($"the image of {name} could not be unpacked");
        string layout = Path.Combine(Built(repository), name);
        using JsonDocument index = Read(Path.Combine(layout, "index.json"));
        string digest = index.RootElement.GetProperty("manifests")[0].GetProperty("digest").GetString()!;
        using JsonDocument manifest = Read(Blob(layout, digest));
        using JsonDocument file = Read(Blob(layout, manifest.RootElement.GetProperty("config").GetProperty("digest").GetString()!));
        JsonElement config = file.RootElement.GetProperty("config");
        return new ContainerImage(
            digest, folder, Texts(config, "Entrypoint"), Texts(config, "Env"), config.GetProperty(nameof(User)).GetString()!, config.GetProperty("WorkingDir").GetString()!);
    }

    private static string Built(string repository) => Path.Combine(repository, "artifacts", "images");

    private static string Blob(string layout, string digest) => Path.Combine(layout, "blobs", "sha256", digest["sha256:".Length..]);

    private static JsonDocument Read(string path) => JsonDocument.Parse(File.ReadAllBytes(path));

    private static string[] Texts(JsonElement config, string name) => [.. config.GetProperty(name).EnumerateArray().Select(each => each.GetString()!)];
}

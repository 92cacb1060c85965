using System.Diagnostics;
using Witan.Agent;

namespace Witan.Faults.Containers;

/// <summary>
/// The command that runs a service of a compose file from its unpacked image, without an engine: a mount namespace in which the
/// image's files are read-only and everything that the file mounts is in its place, then the image's entry point in a chroot, as
/// the image's user, with the image's and the file's environment and nothing else. Not separated: processes and network.
/// </summary>
public static class ContainerCommand
{
    // Reads: root, then pairs of source and target, then -- and the command. /var/run is /run in the image.
    private const string Mounts = """
        set -euo pipefail
        root=$1; shift
        mount --bind "$root" "$root"
        [ "$READ_ONLY" != true ] || mount -o remount,bind,ro "$root"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=755 tmpfs "$root/run"
        while [ "$1" != -- ]; do
          source=$1 target=$root$2; shift 2
          if [ "$source" = tmpfs ]; then
            mount -t tmpfs -o mode=1777 tmpfs "$target"
            continue
          fi
          if [ ! -e "$target" ]; then
            if [ -d "$source" ]; then mkdir -p "$target"; else mkdir -p "$(dirname "$target")"; touch "$target"; fi
          fi
          mount --bind "$source" "$target"
        done
        shift
        mount -o remount,ro "$root/run"
        exec "$@"
        """;

    /// <summary>
    /// Makes the command. <paramref name="volumes"/> says what stands for a host path or a volume of the file.
    /// </summary>
    public static ProcessStartInfo Create(ContainerImage image, ComposeService service, Func<string, string> volumes)
    {
        var start = new ProcessStartInfo("/usr/bin/unshare", ["--mount", "--propagation", "private", "/bin/bash", "-c", Mounts, "enter", image.Root]);
        start.Environment["READ_ONLY"] = service.IsReadOnly ? "true" : "false";
        foreach ((string source, string target) in service.Volumes)
            Add(volumes(source), target);
        foreach (string target in service.Temporary)
            Add("tmpfs", target);
        string[] user = image.User.Split(':');
        string[] command =
        [
            "--", "/usr/bin/env", "-i", .. image.Environment, .. service.Environment.Select(pair => $"{pair.Key}={pair.Value}"),
            $"{ParentGuard.Variable}={System.Environment.ProcessId}", "/usr/bin/setpriv", "--no-new-privs", "/usr/bin/unshare", $"--root={image.Root}", $"--wd={image.WorkingDirectory}", $"--setuid={user[0]}", $"--setgid={user[1]}",
            .. image.Entrypoint,
        ];
        foreach (string part in command)
            start.ArgumentList.Add(part);
        return start;

        void Add(string source, string target)
        {
            start.ArgumentList.Add(source);
            start.ArgumentList.Add(target.Replace("/var/run/", "/run/", StringComparison.Ordinal));
        }
    }

    /// <summary>A named volume that is used for the first time: what the image has at its place, with owner and mode.</summary>
    public static string Volume(ContainerImage image, string target, string folder)
    {
        if (!Directory.Exists(folder))
        {
            using Process copy = Process.Start("/bin/cp", ["-a", image.Root + target, folder]);
            copy.WaitForExit();
        }

        return folder;
    }
}

namespace Witan.Machine;

/// <summary>The device nodes through which enclaves are launched, the first that exists first.</summary>
internal sealed class SgxDevices
{
    public static readonly string[] InTree = ["/dev/sgx_enclave", "/dev/sgx/enclave"];
    public static readonly string[] Legacy = ["/dev/isgx", "/dev/sgx"];

    private readonly MachineSnapshot _snapshot;

    public SgxDevices(MachineSnapshot snapshot)
    {
        _snapshot = snapshot;
        IsRecorded = true;
        foreach (string path in (string[])[.. InTree, .. Legacy])
        {
            Reading reading = snapshot[Section.Devices, path];
            IsRecorded &= reading.HasValue || reading.IsFailure;
            if (Path is null && (reading.HasValue || (reading.IsFailure && !reading.IsMissing)))
                (Path, Reading) = (path, reading);
        }

        NoExecMount = Path is null ? null : FindNoExec(Path);
    }

    /// <summary>The first node that exists; null where there is none.</summary>
    public string? Path { get; }

    /// <summary>Result of opening it.</summary>
    public Reading Reading { get; } = Reading.NotRecorded;

    /// <summary>Whether every node was looked at: only then does "none is there" mean something.</summary>
    public bool IsRecorded { get; }

    /// <summary>The mount without exec on which the node lies; null where there is none.</summary>
    public string? NoExecMount { get; }

    public bool IsLegacy => Path is not null && Legacy.Contains(Path);

    /// <summary>A node that is refused to this user is no answer about the machine: it may open for another.</summary>
    public Mark Mark => Path is null ? (IsRecorded ? Mark.Fatal : Mark.Unknown)
        : NoExecMount is not null ? Mark.Fatal
        : Reading.IsRefused ? Mark.Unknown
        : Marks.Required(Reading.HasValue);

    public IEnumerable<string> Evidence()
    {
        foreach (string path in (string[])[.. InTree, .. Legacy])
        {
            Reading reading = _snapshot[Section.Devices, path];
            if (reading.HasValue || reading.IsFailure)
                yield return $"{path}: {reading}";
        }

        if (!IsRecorded)
            yield return "the recording does not hold every device";
        if (NoExecMount is not null)
            yield return $"{NoExecMount} is mounted {_snapshot[Section.Mounts, NoExecMount]}";
    }

    // The nearest mount above the node decides.
    private string? FindNoExec(string path)
    {
        string? nearest = null;
        foreach (string mount in _snapshot.Keys(Section.Mounts))
        {
            bool above = mount == "/" || path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal);
            if (above && (nearest is null || mount.Length > nearest.Length))
                nearest = mount;
        }

        return nearest is not null && _snapshot[Section.Mounts, nearest].Text.Split(',').Contains("noexec") ? nearest : null;
    }
}

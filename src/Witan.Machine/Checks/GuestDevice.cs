namespace Witan.Machine;

/// <summary>The device through which a guest asks for its report, and the one request that was made to it.</summary>
internal sealed class GuestDevice(MachineSnapshot snapshot, GuestKind kind, string[] paths, string request)
{
    /// <summary>The node that is there; null where none is.</summary>
    public string? Path { get; } = Lines.Found(snapshot, Section.Devices, paths);

    public Mark Mark => Marks.Optional(Opened.HasValue ? Lines.Answered(Report) : Opened.IsFailure && !Opened.IsRefused ? false : null);

    public IEnumerable<string> Evidence => [.. paths.Select(path => Lines.Evidence(snapshot, Section.Devices, path)), Lines.Evidence(snapshot, Section.Requests, request)];

    private string Name => Path ?? paths[0];

    private Reading Opened => snapshot[Section.Devices, Name];

    private Reading Report => snapshot[Section.Requests, request];

    /// <summary>Why it gives no report; null where it does.</summary>
    /// <param name="paravisor">What to say of a missing device where a paravisor keeps it; null without one.</param>
    /// <param name="needless">Whether there is evidence without it.</param>
    public Problem? Problem(Func<string, Problem>? paravisor, bool needless)
    {
        string evidence = Lines.Evidence(snapshot, Section.Devices, Name), answer = $"{request}: {Report}";
        if (Mark == Mark.Supported)
            return null;
        return Opened switch
        {
            { IsMissing: true } when paravisor is not null => paravisor(evidence),
            { HasValue: true } when !Report.IsFailure => Lines.Unread($"{kind.Code}_REPORT_UNREADABLE", $"Whether the {kind.Tee} guest device gives a report", answer, "The request is not recorded.", "Run this command on the machine itself.", Actor.Nobody, needless),
            { HasValue: true } => Machine.Problem.Of(ProblemState.Failed, $"{kind.Code}_REPORT_FAILED", $"{Name} opens and gives no report: {Report.Error}.", answer, kind.Refusal, kind.AfterRefusal, Actor.CloudProvider, needless),
            { IsMissing: true } => Machine.Problem.Of(ProblemState.Absent, $"{kind.Code}_DEVICE_ABSENT", $"There is no {kind.Tee} guest device.", evidence, $"The kernel module {kind.Module} is not loaded, the kernel is older than {kind.Since}, or the container was not given the device.", $"Run `sudo modprobe {kind.Module}`, or pass {paths[0]} to the container.", Actor.KernelOwner, needless),
            { IsRefused: true } => Refused(evidence, needless),
            { IsFailure: true } => Machine.Problem.Of(ProblemState.Failed, $"{kind.Code}_DEVICE_FAILED", $"{Name} does not open: {Opened.Error}.", evidence, $"What lies at {Name} is no working device of the module {kind.Module}.", $"Run `sudo modprobe {kind.Module}`; in a container, pass the host's {paths[0]} as a device (--device), not as a volume.", Actor.KernelOwner, needless),
            _ => Lines.Unread($"{kind.Code}_DEVICE_UNREADABLE", $"Whether there is a {kind.Tee} guest device", evidence, "It is not recorded.", "Run this command on the machine itself.", Actor.Nobody, needless),
        };
    }

    private Problem Refused(string evidence, bool needless)
    {
        (string cause, string remedy) = Rights.IsRoot(snapshot)
            ? ("Root has looked: the container, or a security module, was not given the device.", $"Give it to the container (--device {Name}).")
            : ("The device belongs to root.", "Run this command as root.");
        return Machine.Problem.Of(ProblemState.Unreadable, $"{kind.Code}_DEVICE_REFUSED", $"{Name} does not open: {Opened.Error}.", evidence, cause, remedy, Actor.KernelOwner, needless);
    }
}

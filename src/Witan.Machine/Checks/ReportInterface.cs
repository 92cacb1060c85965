namespace Witan.Machine;

/// <summary>
/// The kernel's report interface (configfs tsm), the same for the guests of all vendors: who gives reports through it and, where
/// that was asked for, whether one was made.
/// </summary>
internal sealed class ReportInterface(MachineSnapshot snapshot, GuestKind kind)
{
    public const string Folder = "/sys/kernel/config/tsm/report";
    public const string Provider = Folder + "/provider";
    public const string Request = "TSM_REPORT";

    // One write and nobody else's: the generation that a report of our own has.
    private const string Made = "generation 1, ";

    private Reading Configfs => snapshot[Section.Files, Folder];

    private Reading Behind => snapshot[Section.Files, Provider];

    private Reading Report => snapshot[Section.Requests, Request];

    /// <summary>Whether a report that others can verify was made; null where it was not tried.</summary>
    public bool? Gave => Report.HasValue && Report.Text.StartsWith(Made, StringComparison.Ordinal) ? (IsServed ? true : null) : Report.HasValue || Report.IsFailure ? false : null;

    /// <summary>Whether the kernel's own module for this kind of guest is behind it.</summary>
    public bool IsServed => Behind.Text == kind.Provider;

    public Mark Mark => Marks.Optional(
        Gave == false ? false
        : Behind.HasValue ? IsServed
        : Behind.IsRefused ? null
        : Behind.IsFailure || Configfs.IsMissing ? false
        : null);

    /// <summary>The rule of its line.</summary>
    public string Rule => $"a directory made below {Folder} has the provider {kind.Provider}; asked with --attest, it gives a report in generation 1";

    public IEnumerable<string> Evidence => [Lines.Evidence(snapshot, Section.Files, Folder), Lines.Evidence(snapshot, Section.Files, Provider), Lines.Evidence(snapshot, Section.Requests, Request)];

    /// <summary>The line of a report as it is recorded: a generation, and how long it is.</summary>
    public static string Recorded(string generation, int length) => $"generation {generation}, {length} bytes";

    /// <summary>Why it gives none; null where it does. A report that was tried and not made is harmless to nobody.</summary>
    public Problem? Problem(Func<string, Problem>? paravisor, bool needless)
    {
        string evidence = $"{Folder}: {Configfs}; provider: {Behind}", load = $"Run `sudo modprobe {kind.Module}`.";
        if (Mark == Mark.Supported)
            return null;
        if (Gave == false)
            return Machine.Problem.Of(ProblemState.Failed, $"{kind.Code}_QUOTE_FAILED", $"The kernel was asked for a report that others can verify, and gave none: {Report}.", $"{evidence}; {Request}: {Report}", kind.NoQuote, kind.AfterNoQuote, Actor.CloudProvider);
        if (paravisor is not null)
            return paravisor(evidence);
        if (Configfs.IsMissing)
            return Machine.Problem.Of(ProblemState.Absent, $"{kind.Code}_TSM_ABSENT", "The kernel's report interface is not there.", evidence, $"The kernel is older than 6.7, configfs is not mounted, or the module {kind.Module} is not loaded.", $"Use Linux 6.7 or later, mount configfs (mount -t configfs none /sys/kernel/config), and run `sudo modprobe {kind.Module}`.", Actor.KernelOwner, needless);
        return Behind switch
        {
            { HasValue: true } => Machine.Problem.Of(ProblemState.Failed, $"{kind.Code}_TSM_OTHER", $"The kernel's report interface belongs to {Behind.Text}, not to {kind.Provider}.", evidence, $"The module {kind.Module} is not loaded, or another provider took the interface first.", load, Actor.KernelOwner, needless),
            { IsMissing: true } => Machine.Problem.Of(ProblemState.Absent, $"{kind.Code}_TSM_NO_DRIVER", "Nothing gives reports through the kernel's report interface.", evidence, $"No driver is behind it: the module {kind.Module} is not loaded.", load, Actor.KernelOwner, needless),
            { IsRefused: true } => Refused(evidence, needless),
            { Error: "EROFS" } => Machine.Problem.Of(ProblemState.Failed, $"{kind.Code}_TSM_READ_ONLY", "No report can be asked for: configfs is mounted read-only here.", evidence, "A report begins with a directory made in it.", "Mount configfs writable into the container.", Actor.KernelOwner, needless),
            { IsFailure: true } => Machine.Problem.Of(ProblemState.Failed, $"{kind.Code}_TSM_FAILED", $"The kernel's report interface takes no request: {Behind.Error}.", evidence, $"Most often no driver is behind it: the module {kind.Module} is not loaded.", load, Actor.KernelOwner, needless),
            _ => Lines.Unread($"{kind.Code}_TSM_UNREADABLE", "The kernel's report interface", evidence, "Its provider is not recorded.", "Run this command as root on the machine itself.", Actor.KernelOwner, needless),
        };
    }

    private Problem Refused(string evidence, bool needless)
    {
        (string cause, string remedy) = Rights.IsRoot(snapshot)
            ? ("Root has looked: the container, or a security module, lets nobody make a report directory.", "Give the container configfs and the right to write to it.")
            : ("Only root may make a report directory.", "Run this command as root.");
        return Machine.Problem.Of(ProblemState.Unreadable, $"{kind.Code}_TSM_REFUSED", "The kernel's report interface is refused to this user.", evidence, cause, remedy, Actor.KernelOwner, needless);
    }
}

namespace Witan.Machine;

/// <summary>Whether dstack's guest agent is here: its socket, and that it answers.</summary>
internal static class Dstack
{
    public static readonly string[] Sockets = ["/var/run/dstack.sock", "/var/run/dstack/dstack.sock", "/var/run/tappd.sock"];

    /// <summary>What the agent answered to the one request made to it.</summary>
    public static Reading Answer(MachineSnapshot snapshot) => snapshot[Section.Requests, "dstack"];

    /// <summary>Whether the agent answers as it should.</summary>
    public static Mark Agent(MachineSnapshot snapshot) => Marks.Required(Answer(snapshot) is { HasValue: true } answer
        ? answer.Text.Contains(" 200", StringComparison.Ordinal)
        : Socket(snapshot) == Mark.Fatal ? false : null);

    public static TeeCategory Build(MachineSnapshot snapshot, bool inGuest)
    {
        string? path = Found(snapshot);
        Reading reading = snapshot[Section.Sockets, path ?? Sockets[0]], answer = Answer(snapshot);
        Mark socket = Socket(snapshot), agent = Agent(snapshot);
        string[] evidence = [.. Sockets.Select(name => Lines.Evidence(snapshot, Section.Sockets, name)), $"guest agent: {answer}"];
        string all = string.Join("; ", evidence);
        var root = new Check("dstack", "dstack", socket.And(agent))
        {
            Rule = "the guest agent's socket is there and answers",
            Children =
            [
                new Check("dstack.socket", path is null ? "Guest agent socket" : $"Guest agent socket ({path})", socket)
                {
                    Rule = "one of " + string.Join(", ", Sockets),
                    Evidence = [.. evidence],
                    Problem = socket switch
                    {
                        Mark.Supported => null,
                        Mark.Fatal when reading.IsMissing => Problem.Of(ProblemState.Absent, "DSTACK_SOCKET_ABSENT", "There is no dstack.sock.", all, "This is no dstack guest, or the container does not mount the socket.", "Mount /var/run/dstack.sock into the container.", Actor.EnclaveAuthor),
                        Mark.Fatal => Problem.Of(ProblemState.Failed, "DSTACK_SOCKET_REFUSED", "Nobody listens on dstack.sock.", all, "The guest agent does not run.", "Restart the CVM; see its log.", Actor.CloudProvider),
                        _ when !reading.IsFailure => Problem.Of(ProblemState.Unreadable, "DSTACK_SOCKET_UNREADABLE", "Whether there is a guest agent could not be seen.", all, "It is not recorded.", "Run this command on the machine itself.", Actor.Nobody),
                        _ => Problem.Of(ProblemState.Unreadable, "DSTACK_SOCKET_UNREADABLE", "Whether there is a guest agent could not be seen.", all, $"The socket gave {reading.Error}.", "Run this command as a user who may open the socket.", Actor.KernelOwner),
                    },
                },
                new Check("dstack.agent", "Guest agent answers", agent)
                {
                    Rule = "an HTTP request over the socket is answered with 200",
                    Evidence = [.. evidence],
                    Problem = agent switch
                    {
                        Mark.Supported => null,
                        Mark.Fatal => Problem.Of(ProblemState.Failed, "DSTACK_AGENT_FAILED", "The guest agent does not answer as it should.", all, "It speaks another version, or is starting.", "Run again; see the agent's log.", Actor.CloudProvider),
                        _ => Problem.Of(ProblemState.Unreadable, "DSTACK_AGENT_UNREADABLE", "Whether the guest agent works was not found out.", all, "It did not answer within the time limit, or is not recorded.", "Run again on the machine itself.", Actor.KernelOwner),
                    },
                }.HiddenIf(socket == Mark.Fatal, "there is no guest agent"),
            ],
        };
        bool applies = path is not null || inGuest, looked = Sockets.Any(name => snapshot[Section.Sockets, name].IsFailure);
        return new TeeCategory("dstack", root, applies ? null : looked ? "no dstack.sock" : "not recorded") { IsUnseen = !applies && !looked };
    }

    private static string? Found(MachineSnapshot snapshot) => Lines.Found(snapshot, Section.Sockets, Sockets);

    private static Mark Socket(MachineSnapshot snapshot)
    {
        Reading reading = snapshot[Section.Sockets, Found(snapshot) ?? Sockets[0]];
        return Marks.Required(reading.HasValue ? true : reading.IsMissing || reading.Error == "ECONNREFUSED" ? false : null);
    }
}

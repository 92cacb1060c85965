namespace Witan.Dstack.Simulator;

/// <summary>One method: its messages, which versions of the OS have it, and what answers.</summary>
internal sealed record AgentMethod(
    string Name, AgentSchema Request, AgentSchema Response, Func<SimulatedCvm, AgentMessage, AgentMessage> Answer)
{
    /// <summary>First version that has it.</summary>
    public Version? Since { get; init; }

    /// <summary>First version that has it no more.</summary>
    public Version? Until { get; init; }
}

/// <summary>A service of the guest agent: its methods, and the prefix of its name that a route may carry.</summary>
internal sealed class AgentService(string prefix, params AgentMethod[] methods)
{
    private readonly Dictionary<string, AgentMethod> _methods = methods.ToDictionary(method => method.Name, StringComparer.Ordinal);

    /// <summary>The method of a route's last segment in a version of the OS; null where that version has none.</summary>
    public AgentMethod? Find(string segment, Version version)
    {
        string name = prefix.Length > 0 && segment.StartsWith(prefix, StringComparison.Ordinal) ? segment[prefix.Length..] : segment;
        return _methods.TryGetValue(name, out AgentMethod? method) && (method.Since is null || version >= method.Since) && (method.Until is null || version < method.Until)
            ? method
            : null;
    }
}
